# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""workspaces_bundle_info against the strict server: what it finds, what it joins in, and by which calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_workspaces_bundle import (
    AWS_OWN,
    BUNDLE_ID,
    BUNDLES,
    OLD_ID,
    OURS,
    TAGS,
    a_state,
)
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    LOOK,
    OWNER,
    RECIPIENT,
    bundle_info,
    counted,
    new_client,
    new_state,
)

SECOND = replace(OURS, bundle_id="wsb-234567890", name="desk-2", image_id=IMAGE_ID, tags={})
# Its image is gone, or somebody else's.
THIRD = replace(OURS, bundle_id="wsb-345678901", name="Desk", image_id="wsi-nothere00", state="PENDING")
OTHERS = replace(OURS, bundle_id="wsb-others000", owner=RECIPIENT)


def found(server, **options):
    return bundle_info(new_client(server), **options)


@pytest.mark.usefixtures("tokyo")
def test_a_bundle_is_told_in_the_words_of_the_other_module():
    server = a_state(OURS)
    result = found(server, include_tags=True)
    assert result == {
        "region": "eu-west-1",
        "missing_bundle_ids": [],
        "bundles": [
            {
                "bundle_id": BUNDLE_ID,
                "name": "desk",
                "description": "A test bundle",
                "image_id": OLD_ID,
                "image_name": "old",
                "compute_type": "STANDARD",
                "root_volume_size": 80,
                "user_volume_size": 50,
                "state": "AVAILABLE",
                "owner": OWNER,
                "bundle_type": "REGULAR",
                "creation_time": "2023-11-14T22:13:20+00:00",
                "last_updated_time": "2023-11-14T22:13:20+00:00",
                "tags": {"a": "1"},
            }
        ],
    }
    assert counted(server) == {BUNDLES: 1, LOOK: 1, TAGS: 1}


def test_what_aws_leaves_out_is_null():
    body = f'{{"Bundles": [{{"BundleId": "{BUNDLE_ID}"}}]}}'
    server = a_state(OURS, faults=[Fault(BUNDLES, "page", body=body, bears_request_id=True)])
    names = found(a_state(OURS), include_tags=True)["bundles"][0].keys() - {"tags"}
    assert found(server)["bundles"] == [{**dict.fromkeys(names), "bundle_id": BUNDLE_ID}]
    assert counted(server) == {BUNDLES: 1}


@pytest.mark.parametrize(
    ("options", "names", "missing", "calls"),
    [
        ({}, ["Desk", "desk", "desk-2"], [], {BUNDLES: 1, LOOK: 1}),
        ({"names": ["desk*"]}, ["desk", "desk-2"], [], {BUNDLES: 1, LOOK: 1}),
        ({"names": []}, [], [], {BUNDLES: 1}),
        # Which bundles use this image
        ({"image_ids": [IMAGE_ID]}, ["desk-2"], [], {BUNDLES: 1, LOOK: 1}),
        ({"image_ids": []}, [], [], {BUNDLES: 1}),
        ({"owner": "amazon"}, ["Standard"], [], {BUNDLES: 1}),
        ({"owner": "amazon", "include_tags": True}, ["Standard"], [], {BUNDLES: 1}),
        ({"bundle_ids": []}, [], [], {}),
        (
            {"bundle_ids": [BUNDLE_ID, BUNDLE_ID, "wsb-others000", "wsb-amazon000", "wsb-nothere00"]},
            ["desk"],
            ["wsb-amazon000", "wsb-nothere00", "wsb-others000"],
            {BUNDLES: 1, LOOK: 1},
        ),
        (
            {"bundle_ids": [BUNDLE_ID, "wsb-amazon000"], "owner": "amazon"},
            ["Standard"],
            [BUNDLE_ID],
            {BUNDLES: 1},
        ),
        # A filter lets no ID be missing.
        ({"bundle_ids": [BUNDLE_ID], "names": ["x"]}, [], [], {BUNDLES: 1}),
        ({"include_tags": True}, ["Desk", "desk", "desk-2"], [], {BUNDLES: 1, LOOK: 1, TAGS: 3}),
    ],
)
def test_the_bundles_that_are_asked_for(options, names, missing, calls):
    server = a_state(OURS, SECOND, THIRD, AWS_OWN, OTHERS)
    result = found(server, **options)
    assert [each["name"] for each in result["bundles"]] == names
    assert (result["missing_bundle_ids"], counted(server)) == (missing, calls)
    images = {each["name"]: each["image_name"] for each in result["bundles"]}
    assert images.items() <= {"Desk": None, "desk": "old", "desk-2": "golden", "Standard": None}.items()
    tags = [each["tags"] for each in result["bundles"]] if options.get("include_tags") else None
    assert tags in (None, [None], [{"a": "1"}, {"a": "1"}, {}])


def test_every_page_is_read():
    server = a_state(*(replace(OURS, bundle_id=f"wsb-{n:09d}", image_id=f"wsi-{n:09d}") for n in range(50)))
    assert len(found(server)["bundles"]) == 50
    assert counted(server) == {BUNDLES: 2, LOOK: 2}
    server.journal.clear()
    assert len(found(server, bundle_ids=[f"wsb-{n:09d}" for n in range(51)])["bundles"]) == 50
    assert counted(server) == {BUNDLES: 3, LOOK: 2}
    # Every ID once, and sorted
    found(server, bundle_ids=["wsb-000000002", "wsb-000000001", "wsb-000000002"])
    assert server.calls(BUNDLES)[-1].parameters == {"BundleIds": ["wsb-000000001", "wsb-000000002"]}


def test_a_bundle_that_goes_while_its_tags_are_read_is_missing():
    gone = Fault(TAGS, code="ResourceNotFoundException", status=400)
    result = found(a_state(OURS, SECOND, faults=[gone]), include_tags=True)
    assert ([each["name"] for each in result["bundles"]], result["missing_bundle_ids"]) == (["desk-2"], [BUNDLE_ID])


@pytest.mark.parametrize("operation", [BUNDLES, LOOK, TAGS])
@pytest.mark.parametrize(
    "fields", [{"status": 500}, {"kind": "page"}, {"code": "AccessDeniedException", "status": 400}]
)
def test_nothing_is_told_where_a_part_is_missing(operation, fields):
    server = a_state(OURS, faults=[Fault(**{"operation": operation, "times": None, **fields})])
    with pytest.raises(AnsibleEUCError, match=r"^Failed to "):
        found(server, include_tags=True)


def test_bad_input_is_refused_before_any_call():
    server = new_state()
    with pytest.raises(AnsibleEUCError) as caught:
        found(server, bundle_ids=["desk"], image_ids=["golden"], assume_role_external_id="abc")
    for part in ("bundle_ids takes bundle IDs", "image_ids takes image IDs", "assume_role_external_id goes with"):
        assert part in str(caught.value)
    assert server.journal == []
