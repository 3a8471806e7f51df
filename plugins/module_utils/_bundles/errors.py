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
