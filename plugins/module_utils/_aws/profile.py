# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of the user's profile, in the files of AWS's tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

try:
    from botocore.exceptions import BotoCoreError
except ImportError:
    pass  # Handled by AnsibleAWSModule.

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def profile_settings(session: Any) -> Mapping[str, Any]:
    """Return the settings of a botocore session's profile; empty if there is none, or no file that can be read."""
    # Not get_scoped_config, which raises if there is none: who makes a client says both better.
    try:
        return session.full_config.get("profiles", {}).get(session.profile or "default", {})
    except BotoCoreError:
        return {}
