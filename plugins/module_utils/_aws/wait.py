# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for AWS, up to a deadline."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from .errors import AnsibleEUCError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

T = TypeVar("T")

# When the wait that is under way ends.
_DEADLINE = ContextVar("deadline", default=math.inf)
PAUSE = 15.0  # seconds
# For what takes AWS long, how long is not known. All callers in an account and Region share its calls.
SLOW_PAUSE = 30.0  # seconds
# What is new may be missing from the first readings, and what was changed may show as it was. How long is not known.
SECONDS_TO_SHOW = 180
# How long a wait goes on without an answer of AWS's: a network that is lost for some minutes ends no wait of hours.
_LONGEST_SILENCE = 300.0  # seconds


def timeout_problem(wait_timeout: int) -> str | None:
    """Say what is wrong with the option wait_timeout, in seconds; None if nothing is."""
    # A boolean is an integer to Python, and to Ansible.
    is_right = wait_timeout > 0 and not isinstance(wait_timeout, bool)
    return None if is_right else f"wait_timeout is {wait_timeout}, and has to be at least 1 second."


def poll(
    client: Any,
    latest: T,
    read: Callable[[], T],
    is_done: Callable[[T], bool],
    timeout: float,
    longest_pause: float = PAUSE,
) -> T:
    """Read until what was read is done, or until time is up.

    A call that AWS throttles, or that meets an error that may pass, is not made again after the deadline, and none is
    made with a role whose renewal took until then. So the end comes a pause and a call late at most. Where AWS gives
    no answer, or a fault of its own, it is asked again for five minutes, and where it throttles until the deadline.

    :param client: The client that ``read`` calls.
    :param latest: What was read before.
    :param timeout: The longest time to wait, in seconds. AWS is asked every 15 seconds, more often where the time is
        short.
    :param longest_pause: The seconds between two readings where the time is not short.
    :returns: What was read last, done or not.
    :raises AnsibleEUCError: What ``read`` raises, but for a call that there was no time left to make again.
    """
    answered = time.monotonic()
    deadline = answered + timeout
    pause = min(longest_pause, max(1.0, timeout / 60))
    with _no_retries_after(client, deadline):
        while not is_done(latest) and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            try:
                latest = read()
                answered = time.monotonic()
            except _TimeIsUp:
                continue
            except AnsibleEUCError as error:
                if error.is_throttled:
                    answered = time.monotonic()
                elif not error.may_take_effect or time.monotonic() - answered > _LONGEST_SILENCE:
                    raise
    return latest


@dataclass(frozen=True)
class Look(Generic[T]):
    """Something that is watched, as AWS listed it last.

    ``is_seen``: whether AWS listed it at the last look. ``is_gone``: whether it has not for three minutes.
    """

    found: T
    is_seen: bool = False
    is_gone: bool = False


def watch(
    client: Any,
    known: T,
    read: Callable[[], T | None],
    is_settled: Callable[[T], bool],
    timeout: float,
    pause: float = SLOW_PAUSE,
) -> Look[T]:
    """Read as ``poll`` does, until what is read is settled or gone, or until time is up.

    :param known: What is known of it before.
    :param read: Reads it; None where AWS does not list it.
    :param pause: The seconds between two readings where the time is not short.
    """
    latest, missing_since = Look(known), None

    def look() -> Look[T]:
        nonlocal latest, missing_since
        found = read()
        if found is not None:
            latest, missing_since = Look(found, is_seen=True), None
        else:
            # It may be missing from single readings, and from the first if it is new.
            now = time.monotonic()
            missing_since = now if missing_since is None else missing_since
            latest = Look(latest.found, is_gone=now - missing_since > SECONDS_TO_SHOW)
        return latest

    return poll(client, latest, look, lambda seen: seen.is_gone or is_settled(seen.found), timeout, pause)


def heed_deadline(client: Any) -> None:
    """Let a client, while something is waited for, make no call again after the deadline.

    For clients that ``poll`` is not given: the one that renews a role's credentials.
    """
    # botocore heeds whichever handler of needs-retry wants another attempt, so only an exception keeps it from one.
    client.meta.events.register("needs-retry", _stop)


def time_is_up() -> bool:
    """Tell whether something is waited for, and the deadline has passed."""
    return time.monotonic() >= _DEADLINE.get()


def stop_if_time_is_up() -> None:
    """End a reading of what is waited for, if the deadline has passed; ``poll`` goes by what it read before."""
    if time_is_up():
        raise _TimeIsUp


class _TimeIsUp(BaseException):
    """There is no time left for another call.

    No Exception: botocore, and what is here, would take it for a failure of the call, and go on.
    """


@contextmanager
def _no_retries_after(client: Any, deadline: float) -> Iterator[None]:
    before = _DEADLINE.set(deadline)
    heed_deadline(client)
    try:
        yield
    finally:
        client.meta.events.unregister("needs-retry", _stop)
        _DEADLINE.reset(before)


def _stop(response: tuple[Any, Any] | None, **kwargs: Any) -> None:
    if response is None or response[0].status_code >= 300:
        stop_if_time_is_up()
