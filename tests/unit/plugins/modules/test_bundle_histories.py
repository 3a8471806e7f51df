# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any history of making, switching, tagging and deleting bundles, beside one of the images behind them.

After each task the state is what was asked for, or the failure is true. Set EUC_AWS_EXAMPLES for more examples.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.tests.aws_server import Fault, WorkSpace
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_image_histories import histories
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_workspaces_bundle import (
    BUNDLES,
    CREATE,
    DELETE,
    DESKTOPS,
    NEW,
    SET,
    TAGS,
    UNSET,
    UPDATE,
    writes,
)
from ansible_collections.euc.aws.tests.unit.support import (
    LOOK,
    OWNER,
    REGION,
    Clients,
    bundle,
    image,
    new_image,
    new_state,
)

IMAGES = {"gold": "wsi-gold00000", "silver": "wsi-silver000"}
NAMES = st.sampled_from(("desk", "kiosk"))
TASKS = st.one_of(
    st.tuples(st.just("make"), st.tuples(st.sampled_from(sorted(IMAGES)), st.sampled_from(("STANDARD", "POWER")))),
    st.tuples(st.just("switch"), st.sampled_from(sorted(IMAGES))),
    st.tuples(st.just("tag"), st.dictionaries(st.sampled_from("ab"), st.sampled_from("12"))),
    st.tuples(st.just("delete"), st.none()),
    # These two are others' doing, between tasks.
    st.tuples(st.just("use"), st.booleans()),
    st.tuples(st.just("retire"), st.sampled_from(sorted(IMAGES))),
)
FAULTS = st.builds(
    Fault,
    st.sampled_from((BUNDLES, LOOK, CREATE, UPDATE, DELETE, SET, UNSET, TAGS, DESKTOPS)),
    st.sampled_from(("error", "drop", "page", "slow", "stale")),
    call=st.integers(1, 3),
    times=st.sampled_from((1, None)),
    applied=st.booleans(),
    seconds=st.just(9),
)


def options_of(name, task):
    """Turn a step into the options of workspaces_bundle."""
    kind, detail = task
    if kind == "make":
        made = {option: value for option, value in NEW.items() if option != "image_id"}
        return {**made, "name": name, "image_name": detail[0], "compute_type": detail[1]}
    if kind == "switch":
        return {"name": name, "image_id": IMAGES[detail]}
    if kind == "tag":
        return {"name": name, "tags": detail}
    return {"name": name, "state": "absent"}


def outcome(clients, options, check_mode=False):
    """Run workspaces_bundle; its result, and what it said if it failed."""
    try:
        return bundle(clients, check_mode, **options), ""
    except AnsibleEUCError as error:
        return error.kwargs, str(error)


def named(server, name):
    return [each for each in server.bundles if each.name == name]


def others_do(server, name, kind, detail):
    """Make a WorkSpace of a bundle or end all of its, or take away an image, which AWS refuses if a bundle uses it."""
    if kind == "use":
        ids = {each.bundle_id for each in named(server, name)}
        server.workspaces = [each for each in server.workspaces if each.bundle_id not in ids]
        if detail:
            server.workspaces += [WorkSpace(f"ws-{bundle_id[4:]}", OWNER, REGION, bundle_id) for bundle_id in ids]
        return
    is_used = any(each.image_id == IMAGES[detail] for each in server.bundles)
    with pytest.raises(AnsibleEUCError, match="bundles use it") if is_used else nullcontext():
        image(Clients(server), image_id=IMAGES[detail], state="absent")


def assert_as_asked(server, name, options, result, before):
    """Hold what a task that ended well was asked for against what the server holds."""
    found = named(server, name)
    if options.get("state") == "absent":
        assert found == []
        return
    assert [each.bundle_id for each in found] == [result["bundle_id"]]
    assert (found[0].tags, found[0].image_id) == (result["tags"], result["image_id"])
    assert found[0].tags == options.get("tags", found[0].tags)
    assert found[0].compute_type == options.get("compute_type", found[0].compute_type)
    assert IMAGES.get(options.get("image_name"), options.get("image_id", found[0].image_id)) == found[0].image_id
    assert result["previous_image_id"] == (before[0].image_id if before else None)


@histories
@given(st.lists(st.tuples(NAMES, TASKS, st.lists(FAULTS, max_size=2)), min_size=1, max_size=8))
def test_any_history(steps):
    server = new_state(*(new_image(image_id=id, name=name) for name, id in IMAGES.items()), bundle_pending_looks=0)
    clients = Clients(server)
    with pytest.MonkeyPatch.context() as patch:
        now = [0.0]
        patch.setattr("time.monotonic", lambda: now[0])
        patch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
        server.clock = lambda: now[0]
        for name, task, faults in steps:
            # The name of a deleted bundle is blocked, which check mode can't know.
            now[0] += 7200
            server.faults.clear()
            server.journal.clear()
            if task[0] in ("use", "retire"):
                others_do(server, name, *task)
                continue
            options = options_of(name, task)
            dry, refused = outcome(clients, options, check_mode=True)
            assert writes(server) == []
            server.journal.clear()
            server.faults = [each for each in faults if each.kind != "stale" or each.operation == BUNDLES]
            before = server.resources()
            result, message = outcome(clients, options)
            assert sum(call.changed for call in server.journal if call.operation == CREATE) <= 1
            assert len(named(server, name)) <= 1
            is_stale = any(each.kind == "stale" for each in server.faults)
            changed = [replace(each, updated=0) for each in server.bundles] != [
                replace(each, updated=0) for each in before["bundles"]
            ]
            if not message and not is_stale:
                assert_as_asked(
                    server, name, options, result, [each for each in before["bundles"] if each.name == name]
                )
                assert result["changed"] == changed
            elif message and not result.get("changed") and not result.get("may_take_effect"):
                assert not changed
            if not faults:
                assert message == refused
                unknown = {"bundle_id", "state", "diff"} if dry.get("bundle_id") is None else set()
                assert {**dry, **dict.fromkeys(unknown)} == {
                    **result,
                    **dict.fromkeys(unknown & result.keys() | unknown),
                }
                server.journal.clear()
                again, message = outcome(clients, options)
                assert message == refused
                assert (again.get("changed", False), writes(server)) == (False, [])
