# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of bundles, word for word, and what is decided on the way there."""

from __future__ import annotations

from functools import partial

import pytest

from ansible_collections.euc.aws.plugins.module_utils._bundles import bundles, deleting, making

REGION, ID, IMAGE, OLD = "eu-west-1", "wsb-123456789", "wsi-123456789", "wsi-000000000"
DESK = {
    "BundleId": ID,
    "Name": "desk",
    "Description": "Windows 11",
    "ImageId": IMAGE,
    "ComputeType": {"Name": "POWER"},
    "RootStorage": {"Capacity": "175"},
    "UserStorage": {"Capacity": "100"},
    "State": "AVAILABLE",
}
# Where AWS tells nothing but the ID
BARE = {"BundleId": "wsb-000000000"}
NAMELESS = [{"BundleId": "wsb-222222222"}, {"BundleId": "wsb-111111111"}]
LABEL = f"{ID} (desk) in eu-west-1"
SIZES = {"root_volume_size": 175, "user_volume_size": 100}
FIELDS = ("name", "description", "image_id", "compute_type", *SIZES)
NEW = making.NewBundle("desk", "Windows 11", IMAGE, "POWER", 175, 100, {"team": "1"})
LATER = " The change may still take effect: look at the bundle before you rely on it."


def options(**given):
    return {**dict.fromkeys((*FIELDS, "bundle_id", "image_name", "tags")), "state": "present", **given}


def users(number):
    return [f"ws-{each} of master" for each in range(number)]


@pytest.mark.parametrize(
    ("say", "said"),
    [
        (partial(bundles.bundle_label, BARE, REGION), "wsb-000000000 in eu-west-1"),
        (partial(bundles.bundle_ids_problem, ["wsb-12345678", "wsb-" + "z9" * 31 + "z"], "bundle_ids"), None),
        (
            partial(
                bundles.bundle_ids_problem,
                [ID, "wsb-1234567", "wsb-" + "z" * 64, "wsb-1234567A", "wsb-12345678\n"],
                "bundle_ids",
            ),
            "bundle_ids takes bundle IDs: wsb- and 8 to 63 digits or lower-case letters. These are not:"
            f" 'wsb-1234567', 'wsb-12345678\\n', 'wsb-1234567A', 'wsb-{'z' * 56}...'.",
        ),
        (
            partial(bundles.several_bundles, "desk", REGION, [DESK, BARE]),
            "2 bundles that you own in eu-west-1 are named 'desk', so the name does not tell which one is meant:"
            f" 'None (wsb-000000000, image None)', 'desk ({ID}, image {IMAGE})'. Give the bundle_id of the right one.",
        ),
        (
            partial(bundles.no_bundle, "nix", REGION, [DESK], ["a", "b"]),
            f"You own no bundle named 'nix' in eu-west-1. Your bundles there: 'desk ({ID}, image {IMAGE})'. Check the"
            " name, the Region and the account of the credentials. To make it, give a, b as well.",
        ),
        (
            partial(bundles.no_bundle, "nix", REGION, [], ["a"]),
            "You own no bundle named 'nix' in eu-west-1. You own no other bundle there. Check the name, the Region and"
            " the account of the credentials. To make it, give a as well.",
        ),
        (
            partial(bundles.not_there, ID, REGION),
            f"There is no bundle {ID} in eu-west-1 that these credentials can see. Check the ID, the Region and the"
            " account of the credentials.",
        ),
        (
            partial(bundles.not_own, DESK, REGION),
            f"Bundle {LABEL} is one of AWS's own, which nobody else can change. Make a bundle of your own, by name.",
        ),
        (partial(deleting.use_problem, DESK, REGION, []), None),
        (
            partial(deleting.use_problem, DESK, REGION, users(5)),
            f"Bundle {LABEL} can't be deleted: WorkSpaces use it, 5 in all: 'ws-0 of master', 'ws-1 of master', 'ws-2"
            " of master', 'ws-3 of master', 'ws-4 of master'. Delete them, or migrate them to another bundle. Nothing"
            " was changed.",
        ),
        (
            partial(deleting.use_problem, DESK, REGION, users(6)),
            f"Bundle {LABEL} can't be deleted: WorkSpaces use it, 6 in all, the first of them 'ws-0 of master', 'ws-1"
            " of master', 'ws-2 of master', 'ws-3 of master', 'ws-4 of master'. Delete them, or migrate them to another"
            " bundle. Nothing was changed.",
        ),
        (
            partial(deleting.not_known, DESK, REGION),
            f"Whether WorkSpaces use bundle {LABEL} is not known, for the caller may not look: AWS refuses to delete it"
            " if they do. Allow workspaces:DescribeWorkspaces to see it before.",
        ),
        (
            partial(deleting.not_deleted, "So.", None, True, True),
            "So. Whether the bundle was deleted is not known: it could not be read again.",
        ),
        (partial(deleting.not_deleted, "So.", None, False, False), "So."),
        (partial(deleting.not_deleted, "So.", [DESK], True, False), "So."),
        (
            partial(deleting.not_deleted, "So.", [DESK], True, True),
            "So. The bundle was still there when it was read again, but may still be deleted.",
        ),
        (partial(making.fixed_problem, DESK, options(compute_type="power", **SIZES), REGION), None),
        (
            partial(
                making.fixed_problem,
                DESK,
                options(compute_type="VALUE", root_volume_size=80, user_volume_size=50),
                REGION,
            ),
            f"Bundle {LABEL} is not as asked for: compute_type is POWER, and VALUE was asked for; root_volume_size is"
            " 175, and 80 was asked for; user_volume_size is 100, and 50 was asked for. AWS changes nothing of a bundle"
            " but its image. Leave these options out, or make a new bundle under another name: that of a deleted one"
            " can't be used again for two hours. Nothing was changed.",
        ),
        (partial(making.other_problem, {**DESK, "ComputeType": {"Name": "power"}}, NEW, REGION), None),
        (
            partial(making.other_problem, BARE, NEW, REGION),
            "Bundle wsb-000000000 in eu-west-1 was made by somebody else while this task ran, and is not as asked for:"
            f" image_id is unknown, and {IMAGE} was asked for; compute_type is unknown, and POWER was asked for;"
            " root_volume_size is unknown, and 175 was asked for; user_volume_size is unknown, and 100 was asked for."
            " Look at it before you run this again.",
        ),
        (
            partial(making.pending_problem, {**DESK, "State": "PENDING"}, REGION),
            f"Bundle {LABEL} is still PENDING, and can get another image once it is AVAILABLE. Run this again later, or"
            " set wait to true.",
        ),
        (
            partial(making.pending_problem, BARE, REGION),
            "Bundle wsb-000000000 in eu-west-1 is still not AVAILABLE, and can get another image once it is AVAILABLE."
            " Run this again later, or set wait to true.",
        ),
        (
            partial(making.waited_on, DESK, REGION),
            f" Bundle {LABEL} was waited for, and goes on being made: run this again to wait on.",
        ),
        (
            partial(making.vanished, DESK, REGION, 180),
            f"Bundle {LABEL} has not been there for 180 seconds: somebody has deleted it. Its name can't be used again"
            " for two hours.",
        ),
        (
            partial(making.in_error, DESK, REGION),
            f"Bundle {LABEL} is in state ERROR. AWS does not say why. To start over, make another under another name,"
            " and delete this one with state=absent. Its name can't be used again for two hours.",
        ),
        (
            partial(making.not_switched, "So.", None, False, True),
            f"So. Which image the bundle has now is not known: it could not be read again.{LATER}",
        ),
        (
            partial(making.not_switched, "So.", [], False, True),
            f"So. The bundle was not there when it was read again.{LATER}",
        ),
        (
            partial(making.not_switched, "So.", [DESK], False, False),
            f"So. When the bundle was read again, it had image {IMAGE}.",
        ),
        (
            partial(making.not_switched, "So.", [DESK], True, True),
            f"So. When the bundle was read again, it had image {IMAGE}, which somebody else has put behind it"
            f" meanwhile.{LATER}",
        ),
        (
            partial(making.accepted, DESK, OLD, REGION, 180),
            f"AWS took the call that puts image {OLD} behind bundle {LABEL}, and that did not show for 180 seconds.",
        ),
        *((partial(bundles.is_amazons, {"Owner": owner}), owner is not None) for owner in ("AMAZON", "Amazon", None)),
        *((partial(bundles.is_settled, {"State": state}), True) for state in ("AVAILABLE", "ERROR")),
        *((partial(bundles.is_settled, {"State": state}), False) for state in ("PENDING", "VALIDATING", None)),
        (partial(bundles.matching_bundles, [DESK, *NAMELESS], None, None), [*reversed(NAMELESS), DESK]),
        (partial(bundles.matching_bundles, [DESK, *NAMELESS], ["", "?"], None), [*reversed(NAMELESS)]),
        (partial(bundles.bundle_fields, BARE), {**dict.fromkeys(FIELDS), "bundle_id": "wsb-000000000"}),
        (lambda: bundles.bundle_fields({**BARE, "RootStorage": {"Capacity": "1e2"}})["root_volume_size"], "1e2"),
        (partial(making.request_problems, options(name="desk", root_volume_size=0, user_volume_size=0)), []),
        (
            partial(making.request_problems, options(state="absent", bundle_id=ID, description="x")),
            ["state=absent deletes a bundle, and takes no description."],
        ),
    ],
)
def test_what_is_said(say, said):
    assert say() == said
