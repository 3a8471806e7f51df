# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services of the server, a file or folder each: one here with a `SERVICE` is all that a further one takes."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from ..service import Service

SERVICES: dict[str, Service] = {
    module.name: import_module(f"{__name__}.{module.name}").SERVICE for module in pkgutil.iter_modules(__path__)
}
