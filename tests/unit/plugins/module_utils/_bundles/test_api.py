# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls about bundles: what is asked of AWS, what is made of its answer, and what is said of an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.plugins.module_utils._bundles import api, errors
from ansible_collections.euc.aws.plugins.module_utils._bundles.making import NewBundle
from ansible_collections.euc.aws.tests.aws_server import Bundle, Fault, WorkSpace
from ansible_collections.euc.aws.tests.unit.support import IMAGE_ID, OWNER, REGION, new_client, new_state

BUNDLES, CREATE, ID = "DescribeWorkspaceBundles", "CreateWorkspaceBundle", "wsb-123456789"
IDS = [f"wsb-{number:09d}" for number in range(51)]
NEW = NewBundle("new", "Windows 11", IMAGE_ID, "POWER", 175, 100, {})
TAGS = [{"Key": "team", "Value": "1"}]
REQUEST = {
    "BundleName": "new",
    "BundleDescription": "Windows 11",
    "ImageId": IMAGE_ID,
    "ComputeType": {"Name": "POWER"},
    "UserStorage": {"Capacity": "100"},
    "Tags": TAGS,
}
FINDING, MAKING = errors.AnsibleBundlesError, errors.AnsibleBundleCreationError
SWITCHING, DELETING = errors.AnsibleBundleUpdateError, errors.AnsibleBundleDeletionError
# What making a bundle and putting another image behind it may both be refused for
BOTH = ("InvalidParameterValuesException", "ResourceNotFoundException", "ResourceUnavailableException")


@pytest.mark.parametrize(
    ("call", "arguments", "operation", "request_", "action", "error"),
    [
        (api.describe_bundles, (), BUNDLES, {}, "look up the bundles", FINDING),
        (api.describe_bundles, (None, "AMAZON"), BUNDLES, {"Owner": "AMAZON"}, "look up the bundles", FINDING),
        (api.describe_bundles, ([ID],), BUNDLES, {"BundleIds": [ID]}, f"look up bundle {ID}", FINDING),
        (api.describe_bundles, (IDS,), BUNDLES, {"BundleIds": IDS[:25]}, "look up the bundles", FINDING),
        (
            *(api.make_bundle, (NEW, TAGS), CREATE, {**REQUEST, "RootStorage": {"Capacity": "175"}}),
            f"make bundle new (POWER, root 175 GiB, user 100 GiB) from image {IMAGE_ID}",
            MAKING,
        ),
        (
            *(api.make_bundle, (replace(NEW, root_volume_size=None), TAGS), CREATE, REQUEST),
            f"make bundle new (POWER, user 100 GiB) from image {IMAGE_ID}",
            MAKING,
        ),
        (
            *(api.update_bundle, (ID, IMAGE_ID), "UpdateWorkspaceBundle", {"BundleId": ID, "ImageId": IMAGE_ID}),
            f"put image {IMAGE_ID} behind bundle {ID}",
            SWITCHING,
        ),
        (api.delete_bundle, (ID,), "DeleteWorkspaceBundle", {"BundleId": ID}, f"delete bundle {ID}", DELETING),
        (
            *(api.describe_workspaces, (ID,), "DescribeWorkspaces", {"BundleId": ID}),
            f"look up the WorkSpaces of bundle {ID}",
            DELETING,
        ),
    ],
)
def test_what_is_asked_of_aws_and_what_an_error_names(call, arguments, operation, request_, action, error):
    server = new_state(faults=[Fault(operation, code="AccessDeniedException", status=400)])
    with pytest.raises(AnsibleEUCError) as caught:
        call(new_client(server), *arguments)
    assert [(each.operation, each.parameters) for each in server.journal] == [(operation, request_)]
    assert caught.type is error
    assert str(caught.value).startswith(f"Failed to {action} in eu-west-1: An error occurred (AccessDeniedException) ")
    assert str(caught.value).endswith(f"Injected fault. {error.ADVICE['AccessDeniedException']}")


def test_what_aws_answers_is_told_whole():
    bundles = [Bundle(id, "desk", OWNER, IMAGE_ID, REGION) for id in IDS]
    client = new_client(new_state(bundles=bundles, workspaces=[WorkSpace("ws-000000000", OWNER, REGION, ID)]))
    told = api.describe_bundles(client)
    assert told[:25] == client.describe_workspace_bundles()["Bundles"]
    assert (
        [each["BundleId"] for each in told] == [each["BundleId"] for each in api.describe_bundles(client, IDS)] == IDS
    )
    assert api.describe_workspaces(client, ID) == client.describe_workspaces(BundleId=ID)["Workspaces"]


@pytest.mark.parametrize(
    ("error", "right", "others"),
    [
        (FINDING, "DescribeWorkspaceBundles", ()),
        (MAKING, CREATE, ("ResourceAlreadyExistsException", "ResourceLimitExceededException", *BOTH)),
        (SWITCHING, "UpdateWorkspaceBundle", ("OperationNotSupportedException", *BOTH)),
        (DELETING, "DeleteWorkspaceBundle", ("ResourceAssociatedException",)),
    ],
)
def test_every_error_of_aws_has_its_advice(error, right, others):
    own = {code: advice for code, advice in error.ADVICE.items() if code not in AnsibleEUCError.ADVICE}
    assert own.keys() == {"AccessDeniedException", *others}
    assert all(advice.endswith(".") for advice in own.values())
    assert f"workspaces:{right}" in own["AccessDeniedException"]
    assert AnsibleEUCError.ADVICE.items() <= error.ADVICE.items()
