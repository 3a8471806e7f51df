# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WorkSpaces: one function for each operation, one file for each kind of thing.

Names, types, limits and patterns are the model's business. Codes are those that the model declares for the
operation; which of them AWS picks for which reason is assumed unless said.
"""

from __future__ import annotations

from . import bundles, desktops, images, making, tags  # noqa: F401  # each registers what it does
from .common import SERVICE

__all__ = ["SERVICE"]
