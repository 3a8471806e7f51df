# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for AWS, up to a deadline."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import AnsibleEUCError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    T = TypeVar("T")

_LONGEST_PAUSE = 15.0  # seconds


def poll(client: Any, latest: T, read: Callable[[], T], is_done: Callable[[T], bool], timeout: float) -> T:
    """Read until what was read is done, or until time is up.

    A call that AWS throttles, or that meets an error that may pass, is not made again after the deadline, so the end
    comes a pause and a call late at most.

    :param client: The client that ``read`` calls.
    :param latest: What was read before.
    :param timeout: The longest time to wait, in seconds. AWS is asked every 15 seconds, more often where the time is
        short.
    :returns: What was read last, done or not.
    :raises AnsibleEUCError: What ``read`` raises, but for a call that there was no time left to make again.
    """
    deadline = time.monotonic() + timeout
    pause = min(_LONGEST_PAUSE, max(1.0, timeout / 60))
    with _no_retries_after(client, deadline):
        while not is_done(latest) and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            try:
                latest = read()
            except AnsibleEUCError as error:
                if not isinstance(error.exception, _TimeIsUp):
                    raise
    return latest


class _TimeIsUp(Exception):
    """There is no time left to make a call again."""


@contextmanager
def _no_retries_after(client: Any, deadline: float) -> Iterator[None]:
    # botocore heeds whichever handler of needs-retry wants another attempt, so only an exception keeps it from one.
    def stop(response: tuple[Any, Any] | None, **kwargs: Any) -> None:
        answered = response is not None and response[0].status_code < 300
        if not answered and time.monotonic() >= deadline:
            raise _TimeIsUp

    client.meta.events.register("needs-retry", stop)
    try:
        yield
    finally:
        client.meta.events.unregister("needs-retry", stop)
