# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two ways to the strict server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import State, serve
from ansible_collections.euc.aws.tests.unit.aws_server.support import Connect, client, in_process


@pytest.fixture(params=["in-process", "http"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes clients that reach a state in each of the two ways."""
    with ExitStack() as stack:

        def over_http(state: State, *args: Any, **settings: Any) -> Any:
            return client(*args, endpoint_url=stack.enter_context(serve(state)), **settings)

        yield in_process if request.param == "in-process" else over_http
