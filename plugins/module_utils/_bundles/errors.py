# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS's errors mean where bundles are concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import ClassVar


class AnsibleBundlesError(AnsibleEUCError):
    """An error in a call about bundles."""

    ADVICE: ClassVar[Mapping[str, str]] = {
        **AnsibleEUCError.ADVICE,
        "AccessDeniedException": "Allow the caller workspaces:DescribeWorkspaceBundles on the resource *.",
    }


class AnsibleBundleCreationError(AnsibleBundlesError):
    """An error in making a bundle."""

    # https://docs.aws.amazon.com/workspaces/latest/adminguide/create-custom-bundle.html has the sizes, the compute
    # types that ended, and how long a name is blocked; workspaces-limits.html beside it has the quota.
    ADVICE: ClassVar[Mapping[str, str]] = {
        **AnsibleBundlesError.ADVICE,
        "AccessDeniedException": (
            "Allow the caller workspaces:CreateWorkspaceBundle and workspaces:CreateTags, and check that the image is"
            " its own."
        ),
        "InvalidParameterValuesException": (
            "Check compute_type and the sizes. AWS's guide asks for a root and a user volume of 80 and 10 GiB at least,"
            " with GENERALPURPOSE types of 175 and 100, with GRAPHICS types of 100 and 100 or more, and never smaller"
            " than the image's own. GRAPHICS and GRAPHICSPRO themselves have ended."
        ),
        "ResourceAlreadyExistsException": (
            "The name is taken, or belongs to a bundle that was deleted: AWS blocks that name for two hours. Give the"
            " new bundle another name, or run this again then. Check mode can't know that."
        ),
        "ResourceLimitExceededException": (
            "The account's bundles in this Region are used up: 50, which AWS does not raise. Delete some. Check mode"
            " can't know that."
        ),
        "ResourceNotFoundException": "The image may have been deleted meanwhile: run this again.",
        "ResourceUnavailableException": "Look at the image's state: it has to be AVAILABLE.",
    }


class AnsibleBundleUpdateError(AnsibleBundlesError):
    """An error in putting another image behind a bundle."""

    _DOES_NOT_FIT: ClassVar[str] = (
        "The image may not fit this bundle: its volumes must not be larger than the bundle's, and its kind has to go"
        " with the compute type. Where it does not, make a new bundle of it, under another name."
    )
    ADVICE: ClassVar[Mapping[str, str]] = {
        **AnsibleBundlesError.ADVICE,
        "AccessDeniedException": (
            "Allow the caller workspaces:UpdateWorkspaceBundle, and check that the bundle and the image are its own."
        ),
        "InvalidParameterValuesException": _DOES_NOT_FIT,
        "OperationNotSupportedException": _DOES_NOT_FIT,
        "ResourceNotFoundException": "The bundle or the image may have been deleted meanwhile: run this again.",
        "ResourceUnavailableException": "Look at the states of the image and of the bundle: both have to be AVAILABLE.",
    }


class AnsibleBundleDeletionError(AnsibleBundlesError):
    """An error in deleting a bundle."""

    ADVICE: ClassVar[Mapping[str, str]] = {
        **AnsibleBundlesError.ADVICE,
        "AccessDeniedException": (
            "Allow the caller workspaces:DeleteWorkspaceBundle, and check that the bundle is its own."
        ),
        "ResourceAssociatedException": (
            "WorkSpaces use the bundle: delete them, or migrate them to another bundle. With the right to"
            " workspaces:DescribeWorkspaces this is seen before, in check mode too."
        ),
    }
