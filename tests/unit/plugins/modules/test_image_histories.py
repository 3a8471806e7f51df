# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any history of making, copying, sharing, tagging and deleting, in two accounts and two Regions.

After each task the state is what was asked for, or the failure is true. Set EUC_AWS_EXAMPLES for more examples.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.tests.aws_server import Fault, WorkSpace
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_histories import EXAMPLES
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_workspaces_image import (
    COPY,
    CREATE,
    DELETE,
    SET,
    TAG,
    UNSET,
    writes,
)
from ansible_collections.euc.aws.tests.unit.support import (
    LOOK,
    OWNER,
    READ,
    RECIPIENT,
    REGION,
    WRITE,
    Clients,
    image,
    new_state,
    permission,
)

REGIONS = (REGION, "us-east-1")
NAMES = ("gold", "silver")
DESKTOPS = [
    WorkSpace(f"ws-{account}{number}", account, region)
    for number, region in enumerate(REGIONS)
    for account in (OWNER, RECIPIENT)
]
PLACES = st.tuples(st.sampled_from((OWNER, RECIPIENT)), st.sampled_from(REGIONS), st.sampled_from(NAMES))
# Which image of all is meant, where one is: the number is taken modulo how many there are.
SOURCES = st.integers(0, 7)
TASKS = st.one_of(
    st.tuples(st.just("make"), st.none()),
    st.tuples(st.just("copy"), st.tuples(SOURCES, st.booleans())),
    st.tuples(st.just("tag"), st.tuples(st.dictionaries(st.sampled_from("ab"), st.sampled_from("12")), st.booleans())),
    st.tuples(st.just("share"), st.booleans()),
    st.tuples(st.just("delete"), st.booleans()),
)
FAULTS = st.builds(
    Fault,
    st.sampled_from((LOOK, COPY, CREATE, DELETE, WRITE, READ, SET, UNSET, "DescribeTags")),
    st.sampled_from(("error", "drop", "page", "slow")),
    call=st.integers(1, 3),
    times=st.sampled_from((1, None)),
    applied=st.booleans(),
    seconds=st.just(9),
)
histories = settings(max_examples=max(EXAMPLES // 10, 10), deadline=None, database=None, print_blob=True)


def options_of(server, place, task):
    """Turn a step into the options of workspaces_image; None where there is nothing to copy."""
    account, region, name = place
    kind, detail = task
    if kind == "make":
        desktop = next(each for each in DESKTOPS if (each.owner, each.region) == (account, region))
        return {"name": name, "source_workspace_id": desktop.workspace_id, "description": "Made"}
    if kind == "copy":
        if not server.images:
            return None
        source = server.images[detail[0] % len(server.images)]
        owner = {"source_account_id": source.owner} if detail[1] else {}
        return {"name": name, "source_image_id": source.image_id, "source_region": source.region, **owner}
    if kind == "tag":
        return {"name": name, "tags": detail[0], "purge_tags": detail[1]}
    return {"name": name, "state": "absent", "unshare": detail}


def named(server, place):
    return [each for each in server.images if (each.owner, each.region, each.name) == place]


def outcome(clients, options, check_mode=False):
    """Run workspaces_image; its result, and what it said if it failed."""
    try:
        return image(clients, check_mode, **options), ""
    except AnsibleEUCError as error:
        return error.kwargs, str(error)


def assert_as_asked(server, place, options, result):
    """Hold what a task that ended well was asked for against what the server holds."""
    found = named(server, place)
    if options.get("state") == "absent":
        assert found == []
        return
    assert [each.image_id for each in found] == [result["image_id"]]
    assert found[0].tags == result["tags"]
    if "source_image_id" in options:
        assert found[0].tags[TAG].endswith(f"/{options['source_region']}/{options['source_image_id']}")
    if "source_workspace_id" in options:
        assert found[0].tags[TAG] == f"{place[1]}/{options['source_workspace_id']}"
    if options.get("tags") is not None:
        tags = {key: value for key, value in found[0].tags.items() if key != TAG}
        assert tags == options["tags"] if options["purge_tags"] else options["tags"].items() <= tags.items()


@histories
@given(st.lists(st.tuples(PLACES, TASKS, st.lists(FAULTS, max_size=2)), min_size=1, max_size=8))
def test_any_history(steps):
    server = new_state(workspaces=DESKTOPS, copy_pending_looks=0)
    all_clients = {
        (account, region): Clients(server, account, region) for account in (OWNER, RECIPIENT) for region in REGIONS
    }
    with pytest.MonkeyPatch.context() as patch:
        now = [0.0]
        patch.setattr("time.monotonic", lambda: now[0])
        patch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
        for place, task, faults in steps:
            server.faults.clear()
            clients = all_clients[place[:2]]
            if task[0] == "share":
                share(server, place, clients, task[1])
                continue
            options = options_of(server, place, task)
            if options is None:
                continue
            dry, refused = outcome(clients, options, check_mode=True)
            server.journal.clear()
            server.faults = list(faults)
            before = server.resources()
            result, message = outcome(clients, options)
            assert sum(call.changed for call in server.journal if call.operation in (COPY, CREATE)) <= 1
            assert len(named(server, place)) <= 1
            if not message:
                assert_as_asked(server, place, options, result)
                assert result["changed"] == (server.resources() != before)
            elif not result.get("changed") and not result.get("may_take_effect"):
                assert server.resources()["images"] == before["images"]
            if not faults:
                assert message == refused
                assert plain(dry) == plain(result)
                server.journal.clear()
                again, message = outcome(clients, options)
                assert message == refused
                assert (again.get("changed", False), writes(server)) == (False, [])


def share(server, place, clients, wanted):
    """Let the recipient have the owner's image of a name, or no longer."""
    if place[0] == OWNER and named(server, place):
        permission(
            clients.make("workspaces"),
            image_name=place[2],
            shared_account_ids=[RECIPIENT],
            state="present" if wanted else "absent",
        )


def plain(result):
    """Leave out of a result what only AWS can give."""
    text = json.dumps({**result, "image_id": None})
    return json.loads(text.replace(f'"{result.get("image_id")}"', "null"))
