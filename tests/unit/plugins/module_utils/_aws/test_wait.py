# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest

from ansible_collections.euc.aws.plugins.module_utils._aws import calls, wait
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.support import IMAGE_ID, READ, new_client, new_image, new_state


def client_of(server):
    client = new_client(server, attempts=10)
    calls.be_patient(client, 10)
    return client


def poll(client, clock, done_after, timeout, seconds_a_call=0.0):
    """Wait for something that is done after so many reads, each of which is a call that takes so long."""
    reads = []
    begun = clock.now = 1000.0

    def read():
        calls.call(client, "look", lambda: client.describe_workspace_image_permissions(ImageId=IMAGE_ID))
        clock.now += seconds_a_call
        reads.append(clock.now)
        return len(reads)

    latest = wait.poll(client, 0, read, lambda latest: latest >= done_after, timeout)
    return latest, clock.now - begun


@pytest.mark.parametrize(
    ("timeout", "pause", "reads"), [(1, 1, 1), (60, 1, 60), (600, 10, 60), (900, 15, 60), (3600, 15, 240)]
)
def test_aws_is_asked_at_a_pace_that_suits_the_time(timeout, pause, reads, clock):
    assert poll(client_of(new_state(new_image())), clock, 10**6, timeout) == (reads, timeout)
    assert set(clock.pauses) == {pause}


def test_what_is_done_is_not_waited_for(clock):
    assert poll(client_of(new_state(new_image())), clock, 0, 60) == (0, 0)
    assert poll(client_of(new_state(new_image())), clock, 3, 60) == (3, 3)


def test_the_last_pause_ends_with_the_time(clock):
    assert poll(client_of(new_state(new_image())), clock, 10**6, 20, seconds_a_call=3) == (5, 20)
    assert clock.pauses == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(READ, code="ThrottlingException", status=400, times=None),
        Fault(READ, times=None),
        Fault(READ, "drop", times=None),
    ],
    ids=["throttled", "faults of AWS's own", "no answer"],
)
def test_no_call_is_made_again_after_the_deadline(fault, clock):
    server = new_state(new_image(), faults=[fault])
    client = client_of(server)
    # As if botocore were patient without end.
    client.meta.events.register_first("needs-retry", lambda **_: 1.0)
    latest, now = poll(client, clock, 10**6, 60)
    assert latest == 0
    assert 60 <= now <= 60 + clock.pauses[-1]


def test_what_aws_refuses_ends_the_wait(clock):
    server = new_state(new_image(), faults=[Fault(READ, call=3, code="ExpiredTokenException", status=400)])
    with pytest.raises(AnsibleEUCError, match="ExpiredTokenException"):
        poll(client_of(server), clock, 10**6, 60)
    assert len(server.journal) == 3


def test_after_the_wait_calls_are_made_again_as_before(clock):
    server = new_state(new_image())
    client = client_of(server)
    poll(client, clock, 10**6, 60)
    server.faults = [Fault(READ, call=len(server.journal) + 1, times=3)]
    client.describe_workspace_image_permissions(ImageId=IMAGE_ID)
    assert server.journal[-1].error is None


@pytest.mark.parametrize("fault", [Fault(READ, "drop"), Fault(READ, "page"), Fault(READ, status=503)])
@pytest.mark.parametrize(("silent_polls", "is_answered"), [(4, True), (6, False)])
def test_a_wait_goes_on_for_five_minutes_without_an_answer(fault, silent_polls, is_answered, clock):
    server = new_state(new_image())
    client = new_client(server)
    server.faults = [replace(fault, call=3, times=silent_polls)]

    def read():
        calls.call(client, "look", lambda: client.describe_workspace_image_permissions(ImageId=IMAGE_ID))
        return server.calls(READ)[-1].error

    with nullcontext() if is_answered else pytest.raises(AnsibleEUCError, match="look"):
        wait.poll(client, None, read, lambda _latest: len(server.journal) > 2 + silent_polls, 3600, 60.0)
    # Since the last answer, not since the start.
    assert clock.now <= 2 * 60 + 360


@pytest.mark.parametrize(("seconds", "is_right"), [(-1, False), (0, False), (1, True)])
def test_a_wait_lasts_a_second_at_least(seconds, is_right):
    assert (wait.timeout_problem(seconds) is None) == is_right
