# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS account IDs: what is valid, and what a value that is not was probably meant to be.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# The pattern of AwsAccount in botocore's data/workspaces/2015-04-08/service-2.json. [0-9], because \d takes
# the digits of every script.
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_HYPHENATED = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{4}")
_NUMBER = re.compile(r"[1-9][0-9]{0,10}")
# The highest number that an unquoted 12-digit ID can turn into: 077777777777 read as octal.
_HIGHEST_OCTAL = 0o77777777777


def account_ids_problem(values: Iterable[str], option: str) -> str | None:
    """Say what is wrong with a list of account IDs.

    :param values: The values as Ansible passed them on.
    :param option: The option that they were given in, for the sentence.
    :returns: One sentence that names the values that are not 12-digit IDs, or None if all of them are.
    """
    wrong = {value for value in values if not is_account_id(value)}
    if not wrong:
        return None
    return f"{option} takes 12-digit AWS account IDs, and these are not: {enumerated(wrong, _likely_meaning)}."


def is_account_id(value: str) -> bool:
    """Say whether a text has the form of an account's ID."""
    return bool(_ACCOUNT_ID.fullmatch(value))


def enumerated(values: Iterable[str], hint: Callable[[str], str | None] = lambda value: None) -> str:
    """List values that a user gave, so that they can be told apart and do not fill the screen.

    :param hint: What to say of a value behind it; None for nothing.
    """
    ordered = sorted(values)
    shown = []
    for value in ordered[:50]:
        said = hint(value)
        quoted = repr(value if len(value) <= 60 else f"{value[:60]}...")
        shown.append(f"{quoted} ({said})" if said else quoted)
    more = f", and {len(ordered) - len(shown)} more" if len(ordered) > len(shown) else ""
    return ", ".join(shown) + more


def _likely_meaning(value: str) -> str | None:
    if _ACCOUNT_ID.fullmatch(value.strip()):
        return "there is white space around it"
    if _HYPHENATED.fullmatch(value):
        return f'write it without hyphens: "{value.replace("-", "")}"'
    if not _NUMBER.fullmatch(value):
        return None
    if int(value) <= _HIGHEST_OCTAL:
        # YAML 1.1 reads digits 0 to 7 behind a leading 0 as an octal number. Seen in
        # https://github.com/awslabs/aws-deployment-framework/issues/75 and /158.
        original = f"0{int(value):011o}"
        return f'if {original} was meant: YAML read it as an octal number, so quote it, as "{original}"'
    if len(value) == 11:
        return f'if 0{value} was meant: it lost its leading zero, so quote it, as "0{value}"'
    return None
