# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS's errors mean where images and their permissions are concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import ClassVar

# Refusals of one account. Everything else is about the caller, the image or the service, and would meet the next
# account too. The first and last are declared for UpdateWorkspaceImagePermission in botocore's
# data/workspaces/2015-04-08/service-2.json; ValidationException is what AWS services answer to a value against a
# pattern. OperationNotSupportedException is one of them because a bring-your-own-licence image may be shared with
# some accounts and not with others:
# https://docs.aws.amazon.com/workspaces/latest/adminguide/share-custom-image.html
_REFUSES_ONE_ACCOUNT = (
    "InvalidParameterValuesException",
    "ValidationException",
    "OperationNotSupportedException",
)


class AnsibleImagesError(AnsibleEUCError):
    """An error in a call about images."""

    ADVICE: ClassVar[Mapping[str, str]] = {
        **AnsibleEUCError.ADVICE,
        "AccessDeniedException": (
            "Allow the caller the workspaces actions that the IAM policies in the README and in guide_iam of euc.aws"
            " list, on this image. Only its owner can share it, or read who has it."
        ),
        "ResourceNotFoundException": "Check the image ID, the Region and the account of the credentials.",
        "ResourceUnavailableException": "Look at the image's state: it has to be AVAILABLE. wait=true waits for that.",
        "InvalidParameterValuesException": "Check the account IDs with the people who own the accounts.",
        "OperationNotSupportedException": (
            "A bring-your-own-licence image can be shared only with accounts of the same organization that are enabled"
            " for it, and not in GovCloud."
        ),
    }

    @property
    def refuses_one_account(self) -> bool:
        """Whether the next account may still succeed."""
        return self.code in _REFUSES_ONE_ACCOUNT

    @property
    def leaves_open(self) -> bool:
        """As everywhere, and where AWS refused a change of one account, perhaps because it held already."""
        return super().leaves_open or self.refuses_one_account


class AnsibleImageCreationError(AnsibleImagesError):
    """An error in making an image, from another image or from a WorkSpace."""

    ADVICE: ClassVar[Mapping[str, str]] = {
        **AnsibleImagesError.ADVICE,
        "AccessDeniedException": (
            "Allow the caller the actions that guide_iam of euc.aws lists for making images, workspaces:CreateTags"
            " among them. An image of another account needs * as the account in the ARN."
        ),
        "InvalidParameterValuesException": "Check the name, the description and the tags.",
        "InvalidResourceStateException": "The WorkSpace has to be AVAILABLE, with no modification going on.",
        "OperationNotSupportedException": (
            "A bring-your-own-licence image needs both accounts and Regions to be enabled for it. To or from AWS"
            " GovCloud (US) and Regions that have to be opted into, ask AWS Support for the copy. No image can be"
            " made from an encrypted WorkSpace."
        ),
        "ResourceAlreadyExistsException": "Give the new image another name.",
        "ResourceLimitExceededException": (
            "The account's images in this Region are used up, 40 unless raised: delete some, or raise the quota"
            " L-18CE281C. With image_quota that is seen before, in check mode too."
        ),
        "ResourceNotFoundException": "Check the source, its Region, and that its owner still shares it.",
        "ResourceUnavailableException": "Look at the source's state: it has to be AVAILABLE.",
    }


class AnsibleImageDeletionError(AnsibleImagesError):
    """An error in deleting an image."""

    ADVICE: ClassVar[Mapping[str, str]] = {
        **AnsibleEUCError.ADVICE,
        "AccessDeniedException": (
            "Allow the caller workspaces:DeleteWorkspaceImage on the resource *, and check that the image is its own."
        ),
        "InvalidResourceStateException": (
            "The image has to be AVAILABLE or ERROR, and shared with nobody: run this again."
        ),
        "ResourceAssociatedException": "Bundles use the image: delete them, or put another image behind them.",
    }
