# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A strict stand-in for the part of AWS that WorkSpaces images pass through, for STS and for Organizations.

    state = State(access_keys={"KEY": "111111111111"}, images=[Image("wsi-123456789", "gold", owner="111111111111")])
    attach(client, state)                # a boto3 client, in-process, no sockets
    with serve(state) as url: ...        # or real HTTP on loopback
    python -m tests.aws_server    # or a program; see __main__

`State` is everything that the server knows: read `state.journal`, put a `Fault` in `state.faults`.
Each service is one file or folder in `services`. Where a rule is marked "assumed", no AWS document says it, and code
under test should not depend on it.
"""

from __future__ import annotations

from .desktops import AMAZON, BlockedName, Bundle, WorkSpace
from .organization import Account, Organization, Unit
from .server import attach, serve
from .state import Call, Fault, Image, Result, Role, Session, State, Throttle

__all__ = [
    "AMAZON",
    "Account",
    "BlockedName",
    "Bundle",
    "Call",
    "Fault",
    "Image",
    "Organization",
    "Result",
    "Role",
    "Session",
    "State",
    "Throttle",
    "Unit",
    "WorkSpace",
    "attach",
    "serve",
]
