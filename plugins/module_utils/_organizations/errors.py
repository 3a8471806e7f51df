# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS's errors mean where an organization is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import ClassVar

_CHANGED = "It went away or was moved while the organization was read: run this again."
_THROTTLED = (
    "Other callers of this account use the same limits, such as 8 calls of ListAccounts and 5 of"
    " ListAccountsForParent a second."
)


class AnsibleOrganizationsError(AnsibleEUCError):
    """An error in a call about the organization."""

    ADVICE: ClassVar[Mapping[str, str]] = {
        **AnsibleEUCError.ADVICE,
        "AccessDeniedException": (
            "Only the management account and delegated administrators of the organization may ask: use credentials, or"
            " a role in assume_role_arn, of one of these, and allow the caller the organizations actions that the IAM"
            " guide of euc.aws lists."
        ),
        "AWSOrganizationsNotInUseException": (
            "The account of the credentials is in no organization: use credentials, or a role in assume_role_arn, of"
            " the organization's management account or of a delegated administrator."
        ),
        "TooManyRequestsException": _THROTTLED,
        "ThrottlingException": _THROTTLED,
        "ServiceException": "This is a fault on the side of AWS: try again later.",
        "ParentNotFoundException": _CHANGED,
        "ChildNotFoundException": _CHANGED,
        "OrganizationalUnitNotFoundException": _CHANGED,
        "AccountNotFoundException": _CHANGED,
        "TargetNotFoundException": _CHANGED,
    }

    @property
    def says_not_there(self) -> bool:
        """Whether AWS answered that there is no such account, unit or root."""
        return self.code.endswith("NotFoundException")
