# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What making an image and making a bundle have in common: the form of options, and what is said of the outcome.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .accounts import enumerated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .errors import AnsibleEUCError

# WorkspaceImageName and WorkspaceBundleName in botocore's data/workspaces/2015-04-08/service-2.json, and their rule.
NAME = (re.compile(r"[a-zA-Z0-9_./()\\-]{1,64}"), r"1 to 64 letters, digits and _./()\-")
# What AWS answers where the name is taken.
TAKEN = "ResourceAlreadyExistsException"


def pattern_problems(params: Mapping[str, Any], patterns: Mapping[str, tuple[re.Pattern[str], str]]) -> list[str]:
    """Say which options have another form than AWS takes; a sentence each.

    :param patterns: By option, the pattern and what it allows, in words.
    """
    return [
        f"{option} takes {rule}, and this is none: {enumerated([params[option]])}."
        for option, (pattern, rule) in patterns.items()
        if params[option] is not None and not pattern.fullmatch(params[option])
    ]


def not_settled(error: AnsibleEUCError, reason: AnsibleEUCError, what: str) -> str:
    """Say that it could not be found out whether something was made.

    :param error: What is known of the call that makes it.
    :param reason: What went wrong when that was to be found out, or what was found.
    :param what: What was to be made: "image", for example.
    """
    doubt = f" The {what} may have been made, or may still appear: look for it before you run this again."
    return f"{error} Then: {reason}{doubt if error.may_take_effect else ''}"


def not_seen(error: AnsibleEUCError, what: str, name: str, region: str, seconds: int, was_read: bool) -> str:
    """Say that it is not known whether something was made.

    :param error: What is known of the call that makes it.
    :param what: What was to be made: "image", for example.
    :param seconds: How long the name was looked for.
    :param was_read: Whether those that are there could be read in that time.
    """
    seen = (
        f"No {what} named {name!r} showed in {region} in the {seconds} seconds after that"
        if was_read
        else f"Whether any {what} is named {name!r} in {region} could not be read in the {seconds} seconds after that"
    )
    return f"{error} {seen}. The {what} may still appear: look for it before you run this again."


def not_ready(what: str, label: str, state: str | None, seconds: int) -> str:
    """Say how far a wait got that ran out of time.

    :param what: What is being made: "image", for example.
    :param label: Which one it is.
    :param state: The state in which AWS listed it last; None if it did not list it at the last look.
    :param seconds: The longest time that the wait could take.
    """
    if state is None:
        return (
            f"{what.capitalize()} {label} was not among the {what}s that AWS listed at the end of {seconds} seconds, or"
            " AWS gave no answer then. It may go on being made: run this again to wait on."
        )
    return (
        f"{what.capitalize()} {label} was still {state} after {seconds} seconds. It goes on being made: run this again"
        " to wait on, with a longer wait_timeout."
    )
