# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of bundles, word for word, and what is decided on the way there."""

from __future__ import annotations

import re

from ansible_collections.euc.aws.plugins.module_utils._bundles import bundles, deleting, making

REGION, ID, IMAGE = "eu-west-1", "wsb-123456789", "wsi-123456789"
SIZES = {"root_volume_size": 175, "user_volume_size": 100}
DESK = {
    "BundleId": ID,
    "Name": "desk",
    "ImageId": IMAGE,
    "ComputeType": {"Name": "POWER"},
    "RootStorage": {"Capacity": "175"},
    "UserStorage": {"Capacity": "100"},
}
# Where AWS tells nothing but the ID
BARE, OTHER = {"BundleId": "wsb-000000000"}, {"BundleId": "wsb-111111111"}
NEW = making.NewBundle("desk", "Windows 11", IMAGE, "POWER", 175, 100, {})
WRONG = ["wsb-1234567", "wsb-" + "z" * 64, "wsb-1234567A", "wsb-12345678\n"]
LABEL = f"{ID} (desk) in eu-west-1"
# A sentence begins with a star.
SAID = rf"""
* wsb-000000000 in eu-west-1
* bundle_ids takes bundle IDs: wsb- and 8 to 63 digits or lower-case letters. These are not: 'wsb-1234567',
'wsb-12345678\n', 'wsb-1234567A', 'wsb-{"z" * 56}...'.
* 2 bundles that you own in eu-west-1 are named 'desk', so the name does not tell which one is meant: 'None
(wsb-000000000, image None)', 'desk ({ID}, image {IMAGE})'. Give the bundle_id of the right one.
* You own no bundle named 'nix' in eu-west-1. Your bundles there: 'desk ({ID}, image {IMAGE})'. Check the name, the
Region and the account of the credentials. To make it, give a, b as well.
* You own no bundle named 'nix' in eu-west-1. You own no other bundle there. Check the name, the Region and the account
of the credentials. To make it, give a as well.
* There is no bundle {ID} in eu-west-1 that these credentials can see. Check the ID, the Region and the account of the
credentials.
* Bundle {LABEL} is one of AWS's own, which nobody else can change. Make a bundle of your own, by name.
* Bundle {LABEL} can't be deleted: WorkSpaces use it, 5 in all: '0', '1', '2', '3', '4'. Delete them, or migrate them to
another bundle. Nothing was changed.
* Bundle {LABEL} can't be deleted: WorkSpaces use it, 6 in all, the first of them '0', '1', '2', '3', '4'. Delete them,
or migrate them to another bundle. Nothing was changed.
* Whether WorkSpaces use bundle {LABEL} is not known, for the caller may not look: AWS refuses to delete it if they do.
Allow workspaces:DescribeWorkspaces to see it before.
* So. Whether the bundle was deleted is not known: it could not be read again.
* So.
* So.
* So. The bundle was still there when it was read again, but may still be deleted.
* Bundle {LABEL} is not as asked for: compute_type is POWER, and VALUE was asked for; root_volume_size is 175, and 80
was asked for. AWS changes nothing of a bundle but its image. Leave these options out, or make a new bundle under
another name: that of a deleted one can't be used again for two hours. Nothing was changed.
* Bundle wsb-000000000 in eu-west-1 was made by somebody else while this task ran, and is not as asked for: image_id is
unknown, and {IMAGE} was asked for; compute_type is unknown, and POWER was asked for; root_volume_size is unknown, and
175 was asked for; user_volume_size is unknown, and 100 was asked for. Look at it before you run this again.
* Bundle {LABEL} is still PENDING, and can get another image once it is AVAILABLE. Run this again later, or set wait to
true.
* Bundle wsb-000000000 in eu-west-1 is still not AVAILABLE, and can get another image once it is AVAILABLE. Run this
again later, or set wait to true.
* Bundle {LABEL} was waited for, and goes on being made: run this again to wait on.
* Bundle {LABEL} has not been there for 180 seconds: somebody has deleted it. Its name can't be used again for two
hours.
* Bundle {LABEL} is in state ERROR. AWS does not say why. To start over, make another under another name, and delete
this one with state=absent. Its name can't be used again for two hours.
* So. Which image the bundle has now is not known: it could not be read again. The change may still take effect: look at
the bundle before you rely on it.
* So. The bundle was not there when it was read again.
* So. When the bundle was read again, it had image {IMAGE}.
* So. When the bundle was read again, it had image {IMAGE}, which somebody else has put behind it meanwhile. The change
may still take effect: look at the bundle before you rely on it.
* AWS took the call that puts image wsi-000000000 behind bundle {LABEL}, and that did not show for 180 seconds.
* state=absent deletes a bundle, and takes no image_id, image_name, description, compute_type, root_volume_size,
user_volume_size, tags.
"""


def options(**given):
    names = ("bundle_id", "name", "image_id", "image_name", "description", "compute_type", *SIZES, "tags")
    return {**dict.fromkeys(names), "state": "present", **given}


def test_every_sentence():
    said = [
        bundles.bundle_label(BARE, REGION),
        bundles.bundle_ids_problem([ID, *WRONG], "bundle_ids"),
        bundles.several_bundles("desk", REGION, [DESK, BARE]),
        bundles.no_bundle("nix", REGION, [DESK], ["a", "b"]),
        bundles.no_bundle("nix", REGION, [], ["a"]),
        bundles.not_there(ID, REGION),
        bundles.not_own(DESK, REGION),
        *(deleting.use_problem(DESK, REGION, "012345"[:number]) for number in (5, 6)),
        deleting.not_known(DESK, REGION),
        deleting.not_deleted("So.", None, True, True),
        deleting.not_deleted("So.", None, False, False),
        deleting.not_deleted("So.", [DESK], True, False),
        deleting.not_deleted("So.", [DESK], True, True),
        making.fixed_problem(DESK, options(compute_type="VALUE", root_volume_size=80), REGION),
        making.other_problem(BARE, NEW, REGION),
        *(making.pending_problem(bundle, REGION) for bundle in ({**DESK, "State": "PENDING"}, BARE)),
        making.waited_on(DESK, REGION).lstrip(),
        making.vanished(DESK, REGION, 180),
        making.in_error(DESK, REGION),
        making.not_switched("So.", None, False, True),
        making.not_switched("So.", [], False, False),
        making.not_switched("So.", [DESK], False, False),
        making.not_switched("So.", [DESK], True, True),
        making.accepted(DESK, "wsi-000000000", REGION, 180),
        *making.request_problems({**dict.fromkeys(options(), "x"), **SIZES, "state": "absent"}),
    ]
    assert said == [" ".join(sentence.split()) for sentence in re.split(r"^\* ", SAID, flags=re.MULTILINE)[1:]]


def test_what_is_no_problem_is_not_told():
    assert bundles.bundle_ids_problem(["wsb-12345678", "wsb-" + "z9" * 31 + "z"], "bundle_ids") is None
    assert deleting.use_problem(DESK, REGION, []) is None
    assert making.fixed_problem(DESK, options(compute_type="power", **SIZES), REGION) is None
    assert making.other_problem({**DESK, "ComputeType": {"Name": "power"}}, NEW, REGION) is None
    assert making.request_problems(options(name="desk", root_volume_size=0, user_volume_size=0)) == []


def test_what_is_decided_where_aws_tells_something_else_or_nothing():
    assert [bundles.is_amazons({"Owner": owner}) for owner in ("AMAZON", "Amazon", None)] == [True, True, False]
    states = ("AVAILABLE", "ERROR", "PENDING", "VALIDATING", None)
    assert [bundles.is_settled({"State": state}) for state in states] == [True, True, False, False, False]
    named = {**DESK, "Name": "aa"}
    assert bundles.matching_bundles([named, OTHER, BARE], None, None) == [BARE, OTHER, named]
    assert bundles.matching_bundles([named, OTHER, BARE], ["", "?"], None) == [BARE, OTHER]
    assert making.bundle_result(BARE, {}, {"image_id": None}, REGION, False, {})["rollback"] is None
    assert bundles.bundle_fields({**BARE, "UserStorage": {"Capacity": "1e2"}})["user_volume_size"] == "1e2"
