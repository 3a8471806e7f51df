# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory's cache holds, which others may have written, and what it is bound to.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._aws.accounts import enumerated, is_account_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

# What leads botocore to credentials or to an endpoint beside the plugin's options, and is no secret itself:
# https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings.
ENVIRONMENT = (
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_ORGANIZATIONS",
)


def cached_accounts(value: Any) -> list[dict[str, Any]] | None:
    """Return the accounts that were cached; None if the value has another form, and so counts as not cached."""
    return value if isinstance(value, list) and all(_is_account(item) for item in value) else None


def _is_account(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.keys() == {"id", "name", "path", "tags"}
        and isinstance(item["id"], str)
        and isinstance(item["name"], (str, type(None)))
        and isinstance(item["path"], str)
        and (item["tags"] is None or _is_tags(item["tags"]))
    )


def _is_tags(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for pair in value.items() for text in pair)


def spoilt_problem(accounts: Iterable[Mapping[str, Any]]) -> str | None:
    """Say if cached accounts have IDs that no account has: they become parts of ARNs and the names of hosts."""
    wrong = {account["id"] for account in accounts if not is_account_id(account["id"])}
    if not wrong:
        return None
    return (
        f"The inventory's cache has accounts whose IDs are not 12 digits: {enumerated(wrong)}. Look who may write into"
        " the cache, and run this with --flush-cache."
    )
