# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an attack on workspaces_bundle found."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.plugins.modules import workspaces_bundle
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_examples import blocks
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_image_faults import attempt, injected
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_workspaces_bundle import (
    BUNDLES,
    DELETE,
    DESKTOPS,
    NEW,
    OLD_ID,
    OURS,
    UPDATE,
    a_state,
)
from ansible_collections.euc.aws.tests.unit.support import IMAGE_ID, Clients, bundle

# Also a wait where none is due takes no time.
pytestmark = pytest.mark.usefixtures("clock")
SWITCH = {"name": "desk", "image_id": IMAGE_ID}


def conditions(node):
    if isinstance(node, dict):
        yield from [node["when"]] if isinstance(node.get("when"), str) else []
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from conditions(item)


GO_BACK = [
    condition
    for text in (workspaces_bundle.EXAMPLES, *blocks("guide_bundles.rst", "yaml"))
    for condition in conditions(yaml.safe_load(text))
]


@pytest.mark.parametrize("previous", [OLD_ID, None])
@pytest.mark.parametrize("condition", GO_BACK)
def test_a_condition_of_the_documentation_is_a_boolean(condition, previous):
    """ansible-core 2.19 and later fail a task whose condition is anything else."""
    told = NativeEnvironment().compile_expression(condition)(switch={"previous_image_id": previous})
    assert told is (previous is not None)


@pytest.mark.parametrize("looks", [2, 5])
@pytest.mark.parametrize("lost", [False, True])
def test_a_bundle_that_was_just_deleted_and_still_shows_is_gone(looks, lost, clock):
    """AWS lists a deleted bundle for some seconds: the second of two runs in a row says "ok"."""
    server = a_state(OURS)
    if not lost:
        assert bundle(Clients(server), name="desk", state="absent")["changed"]
    server.journal.clear()
    server.faults = [Fault(BUNDLES, "stale", call=5 if lost else 1, times=looks, writes=1)]
    # The first reading after a deletion without an answer is without one, too.
    server.faults[:0] = [
        Fault(DELETE, "drop", times=None, applied=True),
        Fault(BUNDLES, "drop", call=2, times=3),
    ] * lost
    result, message = attempt(lambda: bundle(Clients(server), name="desk", state="absent"))
    assert message == ""
    assert result["changed"] == lost


@pytest.mark.parametrize("code", ["ExpiredTokenException", "ResourceAssociatedException"])
def test_a_deletion_that_aws_refused_is_not_called_unknown(code, clock):
    again = Fault(BUNDLES, code="ExpiredTokenException", status=400, call=2, times=None)
    server = a_state(OURS, faults=[Fault(DELETE, code=code, status=400), again])
    _result, message = attempt(lambda: bundle(Clients(server), name="desk", state="absent"))
    assert code in message
    assert "is not known" not in message
    # Nothing of that may still happen.
    assert clock.pauses == []


@pytest.mark.parametrize("lost", [False, True])
def test_an_image_that_is_not_known_is_not_told(lost, clock):
    """The bundle has the new image, and nobody could look: the image before is no answer."""
    server = a_state(OURS, faults=[Fault(BUNDLES, "drop", call=2, times=None)])
    server.faults += [injected(UPDATE, "ConnectionClosedError, applied", times=None)] if lost else []
    result, message = attempt(lambda: bundle(Clients(server), **SWITCH))
    assert server.bundles[0].image_id == IMAGE_ID
    assert "Which image the bundle has now is not known" in message
    assert (result["image_id"], result["previous_image_id"]) == (None, OLD_ID)


@pytest.mark.parametrize("lost", [False, True])
def test_a_change_that_aws_took_and_somebody_else_replaced_is_a_change(lost, clock):
    """Where it is not known that AWS took it, it may still come, and the change is somebody else's."""
    server = a_state(OURS)
    server.history.append({**server.resources(), "bundles": [replace(OURS, image_id="wsi-999999999")]})
    server.faults = [
        Fault(BUNDLES, "stale", call=2, times=None, writes=99),
        *[Fault(UPDATE, "drop", times=None)] * lost,
    ]
    result, message = attempt(lambda: bundle(Clients(server), **SWITCH))
    assert (result["image_id"], result["previous_image_id"]) == ("wsi-999999999", OLD_ID)
    assert (result["changed"], result["may_take_effect"], "may still take effect" in message) == (not lost, lost, lost)


def test_a_bundle_that_is_of_no_use_after_the_switch_is_an_error(clock):
    server = a_state(OURS)
    server.history.append({**server.resources(), "bundles": [replace(OURS, image_id=IMAGE_ID, state="ERROR")]})
    server.faults = [Fault(BUNDLES, "stale", call=2, times=None, writes=99)]
    result, message = attempt(lambda: bundle(Clients(server), **SWITCH))
    assert "is in state ERROR" in message
    assert (result["changed"], result["image_id"], result["previous_image_id"]) == (True, IMAGE_ID, OLD_ID)


@pytest.mark.parametrize("times", [3, None])
def test_a_bundle_that_is_pending_after_the_switch_is_waited_for(times, clock):
    server = a_state(OURS, pending_looks=3)
    server.history.append({**server.resources(), "bundles": [replace(OURS, image_id=IMAGE_ID, state="PENDING")]})
    server.faults = [Fault(BUNDLES, "stale", call=3, times=times, writes=99)]
    result, message = attempt(lambda: bundle(Clients(server), **SWITCH, wait=True, wait_timeout=600))
    assert (result["changed"], result["state"]) == (True, "AVAILABLE" if times else "PENDING")
    assert ("was still PENDING after 600 seconds" in message) == (times is None)
    assert clock.now <= 600


@pytest.mark.parametrize("option", ["root_volume_size", "user_volume_size"])
def test_a_boolean_is_no_size(option):
    """Ansible takes one for an integer, and AWS would be asked for "True" GiB."""
    server = a_state()
    with pytest.raises(AnsibleEUCError, match=f"{option} takes a size in GiB"):
        bundle(Clients(server), check_mode=True, **{**NEW, option: True})
    assert server.journal == []


@pytest.mark.parametrize(
    ("operation", "body", "options"),
    [
        (BUNDLES, '{"Bundles": [{"Name": "desk"}]}', {}),
        (DESKTOPS, '{"Workspaces": [{}]}', {"state": "absent"}),
    ],
)
def test_an_item_without_its_id_is_an_error_of_the_call(operation, body, options, clock):
    server = a_state(OURS, faults=[Fault(operation, "page", body=body, bears_request_id=True, times=None)])
    _result, message = attempt(lambda: bundle(Clients(server), name="desk", **options))
    assert message.startswith("Failed to look up the ")
