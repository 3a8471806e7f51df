# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""workspaces_image when two things go wrong one after the other, or the world changes during a wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_image_faults import LOST, attempt
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_workspaces_image import (
    COPY,
    COPY_ID,
    DELETE,
    FOREIGN,
    ORIGIN,
    SET,
    TAG,
    TAGS,
    THERE,
    UNSET,
    a_copy,
    failure,
    recipient,
    shared_state,
    writes,
)
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    LOOK,
    RECIPIENT,
    REGION,
    Clients,
    accounts,
    image,
    new_client,
    new_image,
    new_state,
)

OTHER = f"{RECIPIENT}/{THERE}/wsi-000000000"


class Meanwhile(Clients):
    """Lets something happen on the server right before a call: ``act`` gets the operation and its number."""

    def __init__(self, state, act, *arguments):
        super().__init__(state, *arguments)
        self._act = act

    def make(self, *arguments, **options):
        """As everywhere."""
        client = super().make(*arguments, **options)
        client.meta.events.register("before-call", self._before_call, unique_id="meanwhile")
        return client

    def _before_call(self, model, **_kwargs):
        self._act(model.name, len(self._state.calls(model.name)) + 1)


def meanwhile(server, act):
    return Meanwhile(server, act, RECIPIENT, THERE)


def change(server, **fields):
    """Change the newest image."""
    server.images[-1] = replace(server.images[-1], **fields)


@pytest.mark.parametrize(
    ("fault", "others"),
    [
        (Fault(LOOK, code="ExpiredTokenException", status=400, call=3, times=None), []),
        (Fault(LOOK, code="AccessDeniedException", status=400, call=3, times=None), []),
        (Fault(TAGS, code="ExpiredTokenException", status=400, times=None), []),
        (Fault(TAGS, "drop", times=None), []),
        (None, [OTHER]),
    ],
    ids=["session expired", "reading refused", "session expired before the tags", "no answer of tags", "another's"],
)
@pytest.mark.parametrize("hidden", [0, 3])
def test_a_copy_that_may_have_been_made_is_not_forgotten_for_what_goes_wrong_next(fault, others, hidden, clock):
    server = shared_state(names_are_unique=False, hidden_looks=hidden, faults=[LOST, *([fault] if fault else [])])

    def act(operation, _number):
        if operation == COPY:
            server.images += [replace(a_copy(), image_id="wsi-other0000", tags={TAG: tag}) for tag in others]

    result, message = attempt(lambda: image(meanwhile(server, act), name="copy", **FOREIGN))
    assert "Failed to copy image" in message
    assert result.get("may_take_effect") or result.get("changed")


def test_tags_of_a_copy_that_show_later_than_the_copy(clock):
    late = Fault(TAGS, "page", body='{"TagList": []}', bears_request_id=True)
    result, message = attempt(lambda: image(recipient(shared_state(faults=[LOST, late])), name="copy", **FOREIGN))
    assert message == ""
    assert result["changed"]


class ByUser(Clients):
    """Makes clients as AWSClients does where the user set retries to one attempt."""

    def make(self, service, region=None, repeats=True):
        """As everywhere."""
        return new_client(self._state, self._access_key, region=region or self._region)


@pytest.mark.parametrize(("faults", "call"), [([], 5), ([LOST], 3)], ids=["in a wait", "after a lost copy"])
def test_a_throttled_reading_ends_no_wait_whatever_retries_the_user_set(faults, call, clock):
    throttled = Fault(LOOK, code="ThrottlingException", status=400, call=call)
    server = shared_state(faults=[*faults, throttled])
    server.copy_pending_looks = 9
    result, message = attempt(
        lambda: image(ByUser(server, RECIPIENT, THERE), name="copy", wait=True, wait_timeout=3600, **FOREIGN)
    )
    assert message == ""
    assert result["state"] == "AVAILABLE"


@pytest.mark.parametrize(
    ("tags", "count", "purge"),
    [({TAG: ORIGIN, "old": "1"}, 50, True), ({f"old{n}": "1" for n in range(30)}, 30, False)],
    ids=["the tag that purging spares", "purge_tags=false"],
)
def test_more_than_50_tags_in_all_are_refused_before_one_is_removed(tags, count, purge, clock):
    server = new_state(new_image(tags=tags))
    wanted = {f"new{n}": "1" for n in range(count)}
    failure(Clients(server), name="golden", tags=wanted, purge_tags=purge)
    assert writes(server) == []
    assert server.images[0].tags == tags


def test_tags_that_were_removed_are_told_though_nothing_can_be_read_any_more(clock):
    server = new_state(new_image(tags={"old": "1"}))
    server.faults = [Fault(SET, "drop", times=None), Fault(TAGS, "drop", call=2, times=None)]
    result, _message = attempt(lambda: image(Clients(server), name="golden", tags={"new": "1"}))
    assert server.images[0].tags == {}
    assert result["changed"]


def test_a_new_image_stays_a_change_where_its_tags_can_not_be_changed(clock):
    refused = Fault(UNSET, code="AccessDeniedException", status=400, times=None)
    server = shared_state(faults=[LOST, refused])

    def act(operation, number):
        if (operation, number) == (TAGS, 1):
            change(server, tags={**server.images[-1].tags, "tagged-by": "a-robot"})

    result, message = attempt(lambda: image(meanwhile(server, act), name="copy", tags={"a": "1"}, **FOREIGN))
    assert "Failed to remove tags" in message
    assert result["changed"]


def test_the_origin_is_checked_by_the_tags_that_are_read_after_a_wait(clock):
    server = shared_state()
    server.images.append(a_copy(pending_looks=4))

    def act(operation, number):
        if (operation, number) == (LOOK, 3):
            change(server, tags={TAG: OTHER})

    _result, message = attempt(lambda: image(meanwhile(server, act), name="copy", wait=True, **FOREIGN))
    assert "was made from" in message


def test_an_owner_whom_aws_does_not_tell_vouches_for_no_foreign_origin():
    server = shared_state()
    server.images.append(a_copy())
    clients = recipient(server)
    clients.make("workspaces").meta.events.register(
        "after-call", lambda parsed, **_kwargs: [each.pop("OwnerAccountId") for each in parsed.get("Images", [])]
    )
    _result, message = attempt(lambda: image(clients, name="copy", source_image_id=IMAGE_ID, source_region=REGION))
    assert message


@pytest.mark.parametrize("options", [{"wait": True, "wait_timeout": 600, **FOREIGN}, {"state": "absent"}])
def test_a_state_that_nobody_knows_is_not_taken_for_available(options, clock):
    server = shared_state()
    server.images.append(a_copy(state="VALIDATING"))
    assert "VALIDATING" in failure(recipient(server), name="copy", **options).message


def test_one_empty_reading_after_a_silence_is_no_deletion(clock):
    server = shared_state(faults=[Fault(LOOK, "drop", call=5, times=24)])
    server.copy_pending_looks = 40

    def act(operation, number):
        if operation == LOOK and number in (29, 30):
            change(server, hidden_looks=server.looks[COPY_ID] + 1 if number == 29 else 0)

    result, message = attempt(lambda: image(meanwhile(server, act), name="copy", wait=True, **FOREIGN))
    assert message == ""
    assert result["state"] == "AVAILABLE"


def test_a_young_image_that_one_reading_leaves_out_is_not_gone(clock):
    server = shared_state()
    server.images.append(a_copy(pending_looks=99))

    def act(operation, number):
        if operation == LOOK and number == 2:
            change(server, hidden_looks=server.looks[COPY_ID] + 1, pending_looks=0)

    result, _message = attempt(
        lambda: image(meanwhile(server, act), name="copy", state="absent", wait=True, wait_timeout=3600)
    )
    assert result.get("changed")
    assert len(server.images) == 1


@pytest.mark.parametrize("never", ["answered", "shown"])
def test_a_wait_says_of_an_image_that_it_did_not_see_no_more_than_it_knows(never, clock):
    server = shared_state(hidden_looks=999 if never == "shown" else 0)
    server.copy_pending_looks = 99
    server.faults = [Fault(LOOK, "drop", call=3, times=None)] if never == "answered" else []
    _result, message = attempt(lambda: image(recipient(server), name="copy", wait=True, wait_timeout=100, **FOREIGN))
    assert message
    assert "was still PENDING" not in message


def test_a_deletion_that_aws_throttled_and_somebody_else_made_is_not_this_task_s(clock):
    server = shared_state(faults=[Fault(DELETE, code="ThrottlingException", status=400)])
    server.images.append(a_copy())
    clients = recipient(server)
    clients.make("workspaces").meta.events.register_first(
        f"needs-retry.workspaces.{DELETE}", lambda **_kwargs: server.images.__delitem__(slice(1, None))
    )
    assert not image(clients, name="copy", state="absent")["changed"]


@pytest.mark.parametrize("unshare", [True, False], ids=["deletion fails", "refused beforehand"])
def test_a_failed_deletion_returns_which_image_and_who_has_it(unshare, clock):
    server = shared_state(faults=[Fault(DELETE, times=None)])
    server.images.append(a_copy(shared_account_ids=frozenset(accounts(*range(60)))))
    result, _message = attempt(lambda: image(recipient(server), name="copy", state="absent", unshare=unshare))
    assert (result["image_id"], result["name"], result["region"]) == (COPY_ID, "copy", THERE)
    assert result["shared_account_ids"] == ([] if unshare else accounts(*range(60)))


@pytest.mark.parametrize("tags", [{}, {TAG: f"{REGION}/ws-12345678"}], ids=["by hand", "from a WorkSpace"])
def test_an_image_is_not_vouched_for_or_deleted_as_a_copy_of_itself(tags):
    """As where the region of the copy was forgotten, and copies have the name of the original."""
    message = failure(Clients(new_state(new_image(tags=tags))), name="golden", source_image_id=IMAGE_ID).message
    assert "vouch" not in message
    assert "delete this one" not in message


def test_a_tag_without_an_account_does_not_tell_that_the_named_account_owned_the_source():
    server = shared_state()
    server.images.append(replace(a_copy(), tags={TAG: f"{REGION}/{IMAGE_ID}"}))
    assert f"and not from {ORIGIN}" in failure(recipient(server), name="copy", **FOREIGN).message


def test_a_listing_without_a_list_is_no_empty_one(clock):
    """To botocore's parser it is one, whatever the shape of the JSON, and names need not be unique."""
    server = shared_state(names_are_unique=False)
    server.images.append(a_copy())
    server.faults = [Fault(LOOK, "page", body='{"message": "ok"}', bears_request_id=True)]
    attempt(lambda: image(recipient(server), name="copy", **FOREIGN))
    assert len(server.images) == 2


def test_the_id_of_a_copy_is_an_id(clock):
    server = shared_state(faults=[Fault(COPY, "page", body='{"ImageId": 7}', bears_request_id=True, applied=True)])
    assert image(recipient(server), name="copy", **FOREIGN)["image_id"] == COPY_ID
