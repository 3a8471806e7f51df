# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every sentence that guide_errors quotes from the modules, provoked, and looked for in what a user then reads."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.module_utils import basic
from ansible.parsing.dataloader import DataLoader
from botocore.exceptions import ClientError

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.plugins.module_utils._images.making import source_not_found, source_problem
from ansible_collections.euc.aws.plugins.module_utils._images.origin import SOURCE_TAG
from ansible_collections.euc.aws.plugins.module_utils._images.sharing import Change, Failure, Outcome, failure_message
from ansible_collections.euc.aws.plugins.module_utils._organizations import api
from ansible_collections.euc.aws.plugins.module_utils._organizations.cached import spoilt_problem
from ansible_collections.euc.aws.plugins.module_utils._organizations.hosts import groups_problem
from ansible_collections.euc.aws.plugins.module_utils._organizations.tree import Tree
from ansible_collections.euc.aws.plugins.modules import (
    organization_accounts_info,
    workspaces_bundle,
    workspaces_image,
    workspaces_image_permission,
)
from ansible_collections.euc.aws.tests.aws_server import Bundle, Fault, Unit, WorkSpace, serve
from ansible_collections.euc.aws.tests.aws_server.desktops import AMAZON
from ansible_collections.euc.aws.tests.unit.inventories import NAME, new_plugin
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    LOOK,
    OWNER,
    READ,
    RECIPIENT,
    REGION,
    WRITE,
    Clients,
    accounts,
    bundle,
    chosen,
    chosen_by,
    image,
    info,
    new_client,
    new_image,
    new_organization,
    new_state,
    permission,
)
from ansible_collections.euc.aws.tests.unit.test_docs import QUOTES, SENTENCES_OF_MODULES, is_in

ONE, TWO = accounts(1, 2)
# Nothing listens there.
NOWHERE = "http://127.0.0.1:1"
ROLE = f"arn:aws:iam::{OWNER}:role/images"
KEYS = {"access_key": OWNER, "secret_key": "secret"}
GRANT = {"shared_account_ids": [ONE]}
SEVEN = accounts(*range(1, 8))
SEVEN_REASONS = [
    Fault(WRITE, account_id=each, code="ValidationException", status=400, message=f"Reason {each[-1] * 3}.")
    for each in SEVEN
]
ORIGIN = f"{OWNER}/{REGION}/{IMAGE_ID}"
COPY = {"name": "copy", "source_image_id": IMAGE_ID}
COPIED = new_image(image_id="wsi-987654321", name="copy")
WORKSPACE = WorkSpace("ws-123456789", OWNER, REGION)
# Every server here tells whose an image is.
OF_NOBODY = {"ImageId": IMAGE_ID, "State": "AVAILABLE"}
MAKE = {"name": "made", "source_workspace_id": WORKSPACE.workspace_id, "description": "Windows 11"}
DELETE = {"image_id": IMAGE_ID, "state": "absent"}
DESK = Bundle("wsb-123456789", "desktop", OWNER, "wsi-000000000", REGION)
SWITCH = {"name": "desktop", "image_id": IMAGE_ID}
NEW_DESK = {**SWITCH, "description": "Windows 11", "compute_type": "STANDARD", "user_volume_size": 50}
NO_DESK = {"name": "desktop", "state": "absent"}
LOOK_AT_BUNDLES = "DescribeWorkspaceBundles"
UNANSWERED_BUNDLE = Fault("CreateWorkspaceBundle", "drop")
UNANSWERED_SWITCH = Fault("UpdateWorkspaceBundle", "drop", times=None)
UNANSWERED_END = Fault("DeleteWorkspaceBundle", "drop", times=None)
BLIND = Fault(LOOK_AT_BUNDLES, call=2, times=None)
NO_BUNDLES = {"body": '{"Bundles": []}', "content_type": "application/x-amz-json-1.1", "bears_request_id": True}
# It shows what was before the change, however often it is read.
UNMOVED = Fault(LOOK_AT_BUNDLES, "stale", call=2, times=None)
USERS = [WorkSpace(f"ws-00000000{number}", OWNER, REGION, DESK.bundle_id) for number in range(6)]
UNANSWERED_COPY = Fault("CopyWorkspaceImage", "drop")
UNANSWERED_DELETION = Fault("DeleteWorkspaceImage", "drop", times=None)
# What AWS answers of an image that is not there.
NO_BUNDLES = {"body": '{"Bundles": []}', "content_type": "application/x-amz-json-1.1", "bears_request_id": True}
OTHERS = {**NO_BUNDLES, "body": '{"Bundles": [{"BundleId": "wsb-123456789", "ImageId": "wsi-999999999"}]}'}
NO_IMAGES = {"body": '{"Images": []}', "content_type": "application/x-amz-json-1.1", "bears_request_id": True}
STATELESS = {"gives_state": False, "gives_status": False}
SLASHED = Unit("ou-ab12-0slash00", "Data/Lake", "r-ab12")
NO_UNIT = "ou-ab12-99999999"


def told_instead(operation, times=1, **answer):
    """An answer that AWS does not give."""
    return Fault(operation, kind="page", body=json.dumps(answer), bears_request_id=True, times=times)


def without(operation, key, ask):
    """Ask with a client that is told of nothing under this key of an operation's answer."""

    def asked(client):
        event = f"after-call.organizations.{operation}"
        client.meta.events.register(event, lambda parsed, **_: parsed.update({key: []}))
        return ask(client)

    return asked


STALE = {"Version": 1, "AccessKeyId": OWNER, "SecretAccessKey": "secret", "Expiration": "2020-01-01T00:00:00Z"}
SIGN_IN = """\
[default]
sso_start_url = https://euc-aws.invalid/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = images
"""


def process(code):
    """Write a configuration whose credentials come from a process that runs this Python code."""
    return f"[default]\ncredential_process = '{sys.executable}' -c '{code}'\n"


def without_an_error():
    """Tell of an account that AWS refused without a code and a message, which no server here does."""
    error = AnsibleEUCError("Failed to do it", ClientError({"ResponseMetadata": {}}, "UpdateWorkspaceImagePermission"))
    failure = Failure(error.code, error.answer, error.advice, is_open=False)
    return failure_message(IMAGE_ID, Outcome(frozenset(), failed={Change(ONE, True): failure}))


class Reader:
    """Runs a module that fails, or warns, and reads what it says."""

    def __init__(self, monkeypatch, capsys, directory, stop_the_clock):
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self._configuration = directory / "config"
        self._stop_the_clock = stop_the_clock

    def image(self, *images, access_key=OWNER, region=REGION, faults=(), bundles=(), workspaces=(), **options):
        """Run workspaces_image against a server that knows these images, bundles and WorkSpaces."""
        self._stop_the_clock()
        server = new_state(*images, faults=list(faults), bundles=list(bundles), workspaces=list(workspaces))
        with pytest.raises(AnsibleEUCError) as caught:
            image(Clients(server, access_key, region), **options)
        return str(caught.value)

    def bundle(self, *bundles, images=(), faults=(), workspaces=(), check_mode=False, **options):
        """Run workspaces_bundle against a server that knows these bundles, images and WorkSpaces."""
        self._stop_the_clock()
        server = new_state(*images, faults=list(faults), bundles=list(bundles), workspaces=list(workspaces))
        if check_mode:
            warnings = []
            self._monkeypatch.setattr(workspaces_bundle, "warn", warnings.append)
            bundle(Clients(server), check_mode, **options)
            return str(warnings)
        with pytest.raises(AnsibleEUCError) as caught:
            bundle(Clients(server), **options)
        return str(caught.value)

    def permission(self, *images, access_key=OWNER, faults=(), unknown=(), **options):
        """Run workspaces_image_permission against a server that knows these images."""
        self._stop_the_clock()
        server = new_state(*images, faults=list(faults), unknown_account_ids={*unknown})
        with pytest.raises(AnsibleEUCError) as caught:
            permission(new_client(server, access_key), **options)
        return str(caught.value)

    def info(self, **options):
        """Run workspaces_image_info."""
        with pytest.raises(AnsibleEUCError) as caught:
            info(new_client(new_state()), **options)
        return str(caught.value)

    def accounts(self, *faults, units=(), told=None, ask=chosen_by, **options):
        """Run organization_accounts_info in a small organization, or ask something else there.

        :param units: Units that it has besides.
        :param told: What AWS tells and does not tell.
        """
        server = new_organization({"/": [OWNER], "/Workloads": [ONE]}, **(told or {}))
        server.organization.units += units
        server.faults += faults
        with pytest.raises(AnsibleEUCError) as caught:
            ask(new_client(server, service="organizations"), **options)
        return str(caught.value)

    def no_accounts(self):
        """Run it where nobody is chosen."""
        said = []
        self._monkeypatch.setattr(organization_accounts_info, "warn", said.append)
        chosen(new_organization({"/": [OWNER]}), account_ids=[])
        return str(said)

    def inventory(self, **options):
        """Parse an inventory that is refused before anything is asked."""
        path = self._configuration.parent / "organization_accounts.yml"
        path.write_text(yaml.safe_dump({"plugin": NAME, **options}))
        with pytest.raises(AnsibleError) as caught:
            new_plugin().parse(InventoryData(), DataLoader(), str(path))
        return str(caught.value)

    def task(
        self,
        configuration="",
        environment=None,
        faults=(),
        sts=None,
        module=workspaces_image_permission,
        **options,
    ):
        """Run a module as Ansible does, over HTTP, with this configuration of AWS's.

        :param sts: Where STS is; None for the server.
        :param options: What differs from a task that works; None for what is left out, {host} for the server's address.
        """
        self._configuration.write_text(configuration)
        for name, value in (environment or {}).items():
            self._monkeypatch.setenv(name, value)
        with serve(new_state(new_image(), faults=list(faults), workspaces=[WORKSPACE])) as url:
            # endpoint_url does not lead to STS.
            self._monkeypatch.setenv("AWS_ENDPOINT_URL_STS", (sts or "{url}").format(url=url))
            options = {"endpoint_url": url, "region": REGION, "image_id": IMAGE_ID, **GRANT, **options}
            given = {
                name: value.format(host=urlsplit(url).netloc) if isinstance(value, str) else value
                for name, value in options.items()
                if value is not None
            }
            self._monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
            # ansible-core 2.19 and later ask for it.
            self._monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
            # An inventory plugin beside this makes Ansible take it for the controller, which shows warnings itself.
            self._monkeypatch.setattr("ansible.module_utils._internal.is_controller", False, raising=False)
            with pytest.raises(SystemExit):
                module.main()
        result = json.loads(self._capsys.readouterr().out)
        return result.get("msg") or str(result["warnings"])


@pytest.fixture
def reader(monkeypatch, capsys, tmp_path, request):
    """Keep the settings of whoever runs this out."""
    for name in os.environ:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    # A server that answers over HTTP needs the time as it is.
    return Reader(monkeypatch, capsys, tmp_path, lambda: request.getfixturevalue("clock"))


# How each sentence comes to be read.
PROVOKED = {
    # Before anything is asked of AWS
    "Nothing was asked of AWS, and nothing was changed": lambda reader: reader.permission(),
    "takes 12-digit AWS account IDs, and these are not": lambda reader: reader.permission(shared_account_ids=["1"]),
    "there is white space around it": lambda reader: reader.permission(shared_account_ids=[f" {ONE}"]),
    "write it without hyphens": lambda reader: reader.permission(shared_account_ids=["1111-2222-3333"]),
    "was meant: YAML read it as an octal number, so quote it": lambda reader: reader.permission(
        shared_account_ids=["1402433619"]
    ),
    "was meant: it lost its leading zero, so quote it": lambda reader: reader.permission(
        shared_account_ids=["98765432109"]
    ),
    "takes image IDs: wsi- and 9 to 63 digits or lower-case letters": lambda reader: reader.permission(
        image_id="ami-123456789", **GRANT
    ),
    "Neither image_id nor image_name says which image is meant": lambda reader: reader.permission(image_id="", **GRANT),
    "state=present needs shared_account_ids": lambda reader: reader.permission(),
    "state=absent needs shared_account_ids … or purge_accounts=true": lambda reader: reader.permission(state="absent"),
    "state=absent takes shared_account_ids … or purge_accounts=true … not both": lambda reader: reader.permission(
        state="absent", purge_accounts=True, **GRANT
    ),
    "shared_account_ids is empty and purge_accounts is true": lambda reader: reader.permission(
        purge_accounts=True, shared_account_ids=[]
    ),
    "shared_account_ids is empty, so this task changes nothing": lambda reader: reader.task(
        **KEYS, shared_account_ids=[]
    ),
    "and has to be at least 1 second": lambda reader: reader.permission(wait_timeout=0, **GRANT),
    "allowed_account_ids asks who can copy the images, and include_permissions=false not to read that": (
        lambda reader: reader.info(allowed_account_ids=[], include_permissions=False)
    ),
    "assume_role_arn takes the ARN of an IAM role": lambda reader: reader.permission(assume_role_arn="images"),
    "assume_role_external_id takes 2 to 1224 letters, digits … and this is not of that kind": (
        lambda reader: reader.permission(assume_role_external_id="a")
    ),
    "assume_role_external_id goes with assume_role_arn, which is not given": lambda reader: reader.permission(
        assume_role_external_id="golden"
    ),
    "assume_role_arn and its alias iam_role_arn name different roles": lambda reader: reader.task(
        **KEYS, assume_role_arn=ROLE, iam_role_arn=f"{ROLE}2"
    ),
    "and this is none": lambda reader: reader.image(name="golden image"),
    r"1 to 64 letters, digits and _./()\-": lambda reader: reader.image(name="golden image"),
    "1 to 256 letters, digits, spaces and _./()-": lambda reader: reader.image(**MAKE | {"description": "Büro, 2. OG"}),
    "ws- and 8 to 63 digits or lower-case letters": lambda reader: reader.image(
        **MAKE | {"source_workspace_id": "alice"}
    ),
    "the name of a Region, such as eu-west-1": lambda reader: reader.image(**COPY, source_region="Ireland"),
    "Neither name nor image_id says which image is meant": lambda reader: reader.image(name=None),
    "state=absent deletes an image, and takes no": lambda reader: reader.image(**MAKE, state="absent"),
    "unshare=true goes with state=absent": lambda reader: reader.image(image_id=IMAGE_ID, unshare=True),
    "image_quota takes a number of images": lambda reader: reader.image(**COPY, image_quota=0),
    "assume_shared=true goes with a copy, and with source_account_id": lambda reader: reader.image(
        **COPY, assume_shared=True
    ),
    "description goes with a source": lambda reader: reader.image(name="golden", description="Windows 11"),
    "is written from the source, so tags must not have it beside a source": lambda reader: reader.image(
        **COPY, tags={SOURCE_TAG: ORIGIN}
    ),
    "takes account, Region and ID of the source, as in": lambda reader: reader.image(
        image_id=IMAGE_ID, tags={SOURCE_TAG: IMAGE_ID}
    ),
    "keys of 1 to 127 letters, digits, spaces and _+-=.:/@ with no space at an end": lambda reader: reader.image(
        image_id=IMAGE_ID, tags={"team!": "desktops"}
    ),
    "values of at most 255 letters, digits, spaces and _+-=.:/@ with no space at an end": lambda reader: reader.image(
        image_id=IMAGE_ID, tags={"team": "desktops "}
    ),
    "keys that do not begin with aws:": lambda reader: reader.image(image_id=IMAGE_ID, tags={"AWS:team": "desktops"}),
    "at most … tags here, and these are": lambda reader: reader.image(
        image_id=IMAGE_ID, tags={f"tag{number}": "" for number in range(51)}
    ),
    "takes IDs of organizational units (ou-...), of the root (r-...), and paths from the root": (
        lambda reader: reader.accounts(organizational_units=["ou-1"])
    ),
    "if the path is meant": lambda reader: reader.accounts(organizational_units=["Workloads"]),
    "recursive=false goes with organizational_units, which are not given": lambda reader: reader.accounts(
        recursive=False
    ),
    "These options are null: … Give them values, or leave them out": lambda reader: reader.inventory(account_ids=None),
    "These keys are no options of the inventory plugin": lambda reader: reader.inventory(exclude_accounts=[ONE]),
    "mostly … is meant": lambda reader: reader.inventory(exclude_accounts=[ONE]),
    "These options are neither true nor false": lambda reader: reader.inventory(recursive="ture"),
    "These options are null, and given by an alias too": lambda reader: reader.inventory(
        assume_role_arn=None, iam_role_arn=ROLE
    ),
    "regions is empty. Leave it out for one host an account": lambda reader: reader.inventory(regions=[]),
    "regions takes Regions such as eu-west-1, and these are not": lambda reader: reader.inventory(regions=["Ireland"]),
    "partition takes aws, aws-cn, aws-us-gov and the like": lambda reader: reader.inventory(partition="AWS"),
    "role_name takes the name of an IAM role, with its path in front": lambda reader: reader.inventory(role_name=ROLE),
    "and these Regions are in another": lambda reader: reader.inventory(role_name="images", regions=["cn-north-1"]),
    # The organization
    "No account is returned": lambda reader: reader.accounts(account_ids=[TWO]),
    "but there is no organizational unit … in": lambda reader: reader.accounts(organizational_units=["/Sandbox"]),
    "The units there": lambda reader: reader.accounts(organizational_units=["/Sandbox"]),
    "No unit is there": lambda reader: reader.accounts(organizational_units=["/Workloads/Production"]),
    "because the name of an organizational unit has a slash, the path does not tell which one is meant": (
        lambda reader: reader.accounts(units=[SLASHED], organizational_units=["/Data/Lake"])
    ),
    "names …, which is not in this organization": lambda reader: reader.accounts(organizational_units=[NO_UNIT]),
    "Directly below the root": lambda reader: reader.accounts(organizational_units=[NO_UNIT]),
    "names accounts that are not in this organization": lambda reader: reader.accounts(exclude_account_ids=[TWO]),
    "names accounts that are in another state than": lambda reader: reader.accounts(account_ids=[ONE], states=[]),
    "AWS told no state of … Update botocore": lambda reader: reader.accounts(told=STATELESS),
    "No account is chosen: none fits what": lambda reader: reader.no_accounts(),
    "roots of the organization, and what is below one alone would be a part": lambda reader: reader.accounts(
        ask=without("ListRoots", "Roots", lambda client: Tree(client).root())
    ),
    "so where it is, is open": lambda reader: reader.accounts(
        ask=without("ListParents", "Parents", lambda client: Tree(client).parent_of(ONE))
    ),
    "AWS told accounts whose IDs are not 12 digits": lambda reader: reader.accounts(
        told_instead("DescribeAccount", Account={"Id": "1"}), account_ids=[ONE]
    ),
    "AWS was asked for account … and told of": lambda reader: reader.accounts(
        told_instead("DescribeAccount", Account={"Id": TWO}), account_ids=[ONE]
    ),
    "AWS told no account at all": lambda reader: reader.accounts(
        told_instead("ListAccounts", Accounts=[]), told_instead("ListAccountsForParent", Accounts=[], times=None)
    ),
    "The inventory's cache has accounts whose IDs are not 12 digits": lambda _reader: spoilt_problem([{"id": "1"}]),
    "With the groups of other sources, those of this inventory would go in a circle": lambda _reader: groups_problem(
        [("a", "b"), ("b", "a")]
    ),
    "it was moved or deleted while the organization was read": lambda reader: reader.accounts(
        ask=lambda client: Tree(client).path(["r-ab12", NO_UNIT])
    ),
    "find the root of the organization": lambda reader: reader.accounts(Fault("ListRoots"), organizational_units=["/"]),
    "list the accounts of the organization": lambda reader: reader.accounts(
        Fault("ListAccounts"), ask=lambda client: list(api.list_accounts(client))
    ),
    "list the accounts in": lambda reader: reader.accounts(
        Fault("ListAccountsForParent"), organizational_units=["/Workloads"]
    ),
    "list the organizational units in": lambda reader: reader.accounts(
        Fault("ListOrganizationalUnitsForParent"), organizational_units=["/Workloads"]
    ),
    "find out where … is in the organization": lambda reader: reader.accounts(
        ask=lambda client: api.list_parents(client, TWO)
    ),
    "look up account … in the organization": lambda reader: reader.accounts(
        Fault("DescribeAccount"), account_ids=[ONE]
    ),
    "look up the organizational unit": lambda reader: reader.accounts(
        ask=lambda client: api.describe_unit(client, NO_UNIT)
    ),
    "read the tags of account": lambda reader: reader.accounts(
        Fault("ListTagsForResource"), account_ids=[ONE], include_tags=True
    ),
    "1 to 255 letters, digits, spaces and _./()-": lambda reader: reader.bundle(name="a", description="Büro"),
    "the name of a compute type, such as STANDARD": lambda reader: reader.bundle(name="a", compute_type=""),
    "takes a size in GiB": lambda reader: reader.bundle(name="a", user_volume_size=-1),
    "takes bundle IDs: wsb- and 8 to 63 digits or lower-case letters": lambda reader: reader.bundle(bundle_id="a"),
    "Neither name nor bundle_id says which bundle is meant": lambda reader: reader.bundle(name=None),
    "state=absent deletes a bundle, and takes no": lambda reader: reader.bundle(**NO_DESK, tags={}),
    "description goes with name": lambda reader: reader.bundle(bundle_id=DESK.bundle_id, description="a"),
    # The image
    "You own no image named … Your images there": lambda reader: reader.permission(
        new_image(), image_name="Golden", **GRANT
    ),
    "nor any other image there": lambda reader: reader.permission(image_name="golden", **GRANT),
    "so the name does not tell which one is meant": lambda reader: reader.permission(
        new_image(), new_image(image_id="wsi-987654321"), image_name="golden", **GRANT
    ),
    "There is no image … that these credentials can see": lambda reader: reader.permission(**GRANT),
    "owns it and shares it with you": lambda reader: reader.permission(
        new_image(shared_account_ids=[RECIPIENT]), access_key=RECIPIENT, **GRANT
    ),
    "Only its owner can change it, or read who has it": lambda reader: reader.permission(
        new_image(shared_account_ids=[RECIPIENT]), access_key=RECIPIENT, **GRANT
    ),
    "A bundle needs an image of your own": lambda reader: reader.bundle(
        DESK, images=[new_image(owner=RECIPIENT, shared_account_ids=[OWNER])], **SWITCH
    ),
    "put behind a bundle": lambda reader: reader.bundle(DESK, images=[new_image(state="PENDING")], **SWITCH),
    "which shared_account_ids lists as well": lambda reader: reader.permission(new_image(), shared_account_ids=[OWNER]),
    "is still PENDING, and can be … once it is AVAILABLE": lambda reader: reader.permission(
        new_image(state="PENDING"), **GRANT
    ),
    "was still PENDING after … seconds, and can be … once it is AVAILABLE": lambda reader: reader.permission(
        new_image(state="PENDING"), wait=True, wait_timeout=1, **GRANT
    ),
    "is in state ERROR and can't be … AWS says": lambda reader: reader.permission(new_image(state="ERROR"), **GRANT),
    "It can be … once it is AVAILABLE": lambda reader: reader.permission(new_image(state="ARCHIVED"), **GRANT),
    # Making and copying an image
    "that is shared with you": lambda reader: reader.image(**COPY, source_account_id=ONE),
    "is not yours: … shares it with you": lambda reader: reader.image(
        new_image(shared_account_ids=[RECIPIENT]), access_key=RECIPIENT, **COPY
    ),
    "an account that AWS does not tell": lambda reader: source_not_found(IMAGE_ID, None, REGION, [OF_NOBODY]),
    "and source_account_id is … Nothing was copied": lambda reader: reader.image(
        new_image(shared_account_ids=[RECIPIENT]), access_key=RECIPIENT, **COPY, source_account_id=ONE
    ),
    "has an owner that AWS does not tell": lambda reader: source_problem(OF_NOBODY, OWNER, REGION),
    "is in state ERROR and can't be copied": lambda reader: reader.image(new_image(state="ERROR"), **COPY),
    "and can be copied once it is AVAILABLE": lambda reader: reader.image(new_image(state="PENDING"), **COPY),
    "An image can't be copied from … to": lambda reader: reader.image(**COPY, source_region="cn-north-1"),
    "is in the partition": lambda reader: reader.image(**COPY, source_region="cn-north-1"),
    "an image can be copied within that Region only": lambda reader: reader.image(
        region="cn-north-1", **COPY, source_region="cn-northwest-1"
    ),
    "There is no room for image … you own … images there, and image_quota is": lambda reader: reader.image(
        new_image(), **COPY, image_quota=1
    ),
    "There is no WorkSpace": lambda reader: reader.image(**MAKE),
    "No image can be made from WorkSpace": lambda reader: reader.image(
        workspaces=[replace(WORKSPACE, state="STOPPED")], **MAKE
    ),
    "(an image may be in the making from it: run this again once it is AVAILABLE)": lambda reader: reader.image(
        **MAKE, workspaces=[replace(WORKSPACE, state="SUSPENDED")]
    ),
    "and has to be AVAILABLE": lambda reader: reader.image(workspaces=[replace(WORKSPACE, state="STOPPED")], **MAKE),
    "volume is encrypted, of which AWS makes no image": lambda reader: reader.image(
        workspaces=[replace(WORKSPACE, root_volume_encryption_enabled=True)], **MAKE
    ),
    "a modification is going on": lambda reader: reader.image(
        workspaces=[
            replace(WORKSPACE, modification_states=[{"Resource": "COMPUTE_TYPE", "State": "UPDATE_INITIATED"}])
        ],
        **MAKE,
    ),
    "can't be used while the image is made, for up to 45 minutes": lambda reader: reader.task(
        **KEYS, module=workspaces_image, image_id=None, shared_account_ids=None, **MAKE
    ),
    "so nothing tells that it was made from": lambda reader: reader.image(COPIED, **COPY),
    "vouch for it with the command here": lambda reader: reader.image(COPIED, **COPY),
    "Nothing was copied over it": lambda reader: reader.image(
        replace(COPIED, tags={SOURCE_TAG: ORIGIN.replace(REGION, "us-east-1")}), **COPY
    ),
    "as its tag … says, and not from": lambda reader: reader.image(
        replace(COPIED, tags={SOURCE_TAG: ORIGIN.replace(REGION, "us-east-1")}), **COPY
    ),
    "in the … seconds after that": lambda reader: reader.image(new_image(), faults=[UNANSWERED_COPY], **COPY),
    "The … may still appear: look for it before you run this again": lambda reader: reader.image(
        new_image(), faults=[UNANSWERED_COPY], **COPY
    ),
    "Whether any … is named … could not be read in the … seconds after that": lambda reader: reader.image(
        new_image(), faults=[UNANSWERED_COPY, Fault(LOOK, call=3, times=None)], **COPY
    ),
    "It goes on being made": lambda reader: reader.image(
        new_image(state="PENDING"), image_id=IMAGE_ID, wait=True, wait_timeout=60
    ),
    "was not among the … that AWS listed at the end of … seconds, or AWS gave no answer then": lambda reader: (
        reader.image(
            new_image(state="PENDING"),
            faults=[Fault(LOOK, "drop", call=2, times=None)],
            image_id=IMAGE_ID,
            wait=True,
            wait_timeout=60,
        )
    ),
    "was waited for, and goes on being made: run this again to wait on": lambda reader: reader.image(
        new_image(state="PENDING"),
        faults=[Fault(LOOK, code="ExpiredTokenException", status=400, call=2, times=None)],
        image_id=IMAGE_ID,
        wait=True,
    ),
    "may have been made, or may still appear: look for it before you run this again": lambda reader: reader.image(
        new_image(),
        faults=[UNANSWERED_COPY, Fault(LOOK, code="ExpiredTokenException", status=400, call=3, times=None)],
        **COPY,
    ),
    "is the source itself, so it can't be a copy of it": lambda reader: reader.image(
        new_image(), name="golden", source_image_id=IMAGE_ID
    ),
    "For a copy elsewhere set region": lambda reader: reader.image(
        new_image(), name="golden", source_image_id=IMAGE_ID
    ),
    "was made from itself": lambda reader: reader.image(new_image(), image_id=IMAGE_ID, tags={SOURCE_TAG: ORIGIN}),
    "With these, it would have … tags": lambda reader: reader.image(
        new_image(tags={"old": "1"}), image_id=IMAGE_ID, purge_tags=False, tags={f"tag{n}": "" for n in range(50)}
    ),
    "somebody has deleted it. Its name can't be used again for two hours": lambda reader: reader.bundle(
        replace(DESK, state="PENDING", image_id=IMAGE_ID),
        images=[new_image()],
        faults=[Fault("DescribeWorkspaceBundles", "page", call=2, times=None, **NO_BUNDLES)],
        name="desktop",
        image_id=IMAGE_ID,
        wait=True,
    ),
    "somebody has deleted it. Run this again to make it anew": lambda reader: reader.image(
        new_image(state="PENDING"),
        faults=[Fault(LOOK, "page", call=2, times=None, **NO_IMAGES)],
        image_id=IMAGE_ID,
        wait=True,
    ),
    "To start over, delete it with state=absent": lambda reader: reader.image(
        new_image(state="ERROR"), image_id=IMAGE_ID
    ),
    # Deleting an image
    "can't be deleted": lambda reader: reader.image(new_image(shared_account_ids=[ONE]), **DELETE),
    "bundles use it": lambda reader: reader.image(
        new_image(), bundles=[Bundle("wsb-123456789", "desktop", OWNER, IMAGE_ID, REGION)], **DELETE
    ),
    "it is shared with … (with unshare=true it is taken from them first)": lambda reader: reader.image(
        new_image(shared_account_ids=[ONE]), **DELETE
    ),
    "it is … (run this again later, or set wait to true)": lambda reader: reader.image(
        new_image(state="PENDING"), **DELETE
    ),
    "it was … when AWS listed it last, in … seconds (raise wait_timeout, or run this again later)": lambda reader: (
        reader.image(new_image(state="PENDING"), wait=True, wait_timeout=60, **DELETE)
    ),
    "It was not deleted, nor taken from anybody": lambda reader: reader.image(COPIED, **COPY, state="absent"),
    "run this without the source": lambda reader: reader.image(COPIED, **COPY, state="absent"),
    "The image was not deleted": lambda reader: reader.image(
        new_image(shared_account_ids=[ONE]), faults=[Fault(WRITE, times=None)], unshare=True, **DELETE
    ),
    "still there when it was read again, but may still be deleted": lambda reader: reader.image(
        new_image(), faults=[UNANSWERED_DELETION], **DELETE
    ),
    "Whether the image was deleted is not known": lambda reader: reader.image(
        new_image(), faults=[UNANSWERED_DELETION, Fault(LOOK, call=2, times=None)], **DELETE
    ),
    # Bundles
    "You own no bundle named": lambda reader: reader.bundle(DESK, name="Desktop"),
    "Your bundles there": lambda reader: reader.bundle(DESK, name="Desktop"),
    "You own no other bundle there": lambda reader: reader.bundle(name="Desktop"),
    "To make it, give … as well": lambda reader: reader.bundle(name="Desktop"),
    "image_id or image_name": lambda reader: reader.bundle(name="Desktop"),
    "bundles that you own in … are named … so the name does not tell which one is meant": lambda reader: reader.bundle(
        DESK, replace(DESK, bundle_id="wsb-987654321"), **SWITCH
    ),
    "There is no bundle … that these credentials can see": lambda reader: reader.bundle(bundle_id=DESK.bundle_id),
    "is one of AWS's own, which nobody else can change": lambda reader: reader.bundle(
        replace(DESK, owner=AMAZON), bundle_id=DESK.bundle_id
    ),
    "is not as asked for: … AWS changes nothing of a bundle but its image": lambda reader: reader.bundle(
        DESK, name="desktop", compute_type="POWER"
    ),
    "is …, and … was asked for": lambda reader: reader.bundle(DESK, name="desktop", compute_type="POWER"),
    "and can get another image once it is AVAILABLE": lambda reader: reader.bundle(
        replace(DESK, state="PENDING"), images=[new_image()], **SWITCH
    ),
    "is in state ERROR. AWS does not say why": lambda reader: reader.bundle(
        replace(DESK, state="ERROR"), name="desktop"
    ),
    "No bundle named … in the … seconds after that": lambda reader: reader.bundle(
        images=[new_image()], faults=[UNANSWERED_BUNDLE], **NEW_DESK
    ),
    "was made by somebody else while this task ran, and is not as asked for": lambda reader: reader.bundle(
        DESK,
        images=[new_image()],
        faults=[UNANSWERED_BUNDLE, Fault(LOOK_AT_BUNDLES, "page", **NO_BUNDLES)],
        **NEW_DESK,
    ),
    "AWS took the call that puts image … behind bundle … and that did not show for": lambda reader: reader.bundle(
        DESK, images=[new_image()], faults=[UNMOVED], **SWITCH
    ),
    "When the bundle was read again, it had image": lambda reader: reader.bundle(
        DESK, images=[new_image()], faults=[UNMOVED], **SWITCH
    ),
    "which somebody else has put behind it meanwhile": lambda reader: reader.bundle(
        DESK, images=[new_image()], faults=[Fault(LOOK_AT_BUNDLES, "page", call=2, times=None, **OTHERS)], **SWITCH
    ),
    "The bundle was not there when it was read again": lambda reader: reader.bundle(
        DESK, images=[new_image()], faults=[Fault(LOOK_AT_BUNDLES, "page", call=2, times=None, **NO_BUNDLES)], **SWITCH
    ),
    "Which image the bundle has now is not known": lambda reader: reader.bundle(
        DESK, images=[new_image()], faults=[UNANSWERED_SWITCH, BLIND], **SWITCH
    ),
    "The change may still take effect: look at the bundle before you rely on it": lambda reader: reader.bundle(
        DESK, images=[new_image()], faults=[UNANSWERED_SWITCH], **SWITCH
    ),
    "can't be deleted: WorkSpaces use it, … in all": lambda reader: reader.bundle(
        DESK, workspaces=USERS[:1], **NO_DESK
    ),
    "the first of them": lambda reader: reader.bundle(DESK, workspaces=USERS, **NO_DESK),
    "Whether WorkSpaces use bundle … is not known, for the caller may not look": lambda reader: reader.bundle(
        DESK,
        faults=[Fault("DescribeWorkspaces", code="AccessDeniedException", status=400)],
        check_mode=True,
        **NO_DESK,
    ),
    "The bundle was still there when it was read again, but may still be deleted": lambda reader: reader.bundle(
        DESK, faults=[UNANSWERED_END], **NO_DESK
    ),
    "Whether the bundle was deleted is not known": lambda reader: reader.bundle(
        DESK, faults=[UNANSWERED_END, BLIND], **NO_DESK
    ),
    # Half-way
    "was not completed: … granted, … revoked, … failed, … not attempted": lambda reader: reader.permission(
        new_image(), unknown=[ONE], **GRANT
    ),
    "stop sharing with": lambda reader: reader.permission(
        new_image(shared_account_ids=[ONE]), faults=[Fault(WRITE)], state="absent", **GRANT
    ),
    "… accounts (…), of the first": lambda reader: reader.permission(
        new_image(), unknown=[ONE, TWO], shared_account_ids=[ONE, TWO]
    ),
    "more kinds are in failed_accounts": lambda reader: reader.permission(
        new_image(), faults=SEVEN_REASONS, shared_account_ids=SEVEN
    ),
    "Whether AWS did it all the same is not known": lambda reader: reader.permission(
        new_image(), faults=[Fault(WRITE, "drop"), Fault(READ, call=2)], **GRANT
    ),
    "It did not hold when the permissions were read again, but may still take effect": lambda reader: reader.permission(
        new_image(), faults=[Fault(WRITE, "drop")], **GRANT
    ),
    "Because an account could not be granted permission, nobody's was revoked": lambda reader: reader.permission(
        new_image(shared_account_ids=[TWO]), unknown=[ONE], purge_accounts=True, **GRANT
    ),
    "Run the same task again: it takes up what is left": lambda reader: reader.permission(
        new_image(), unknown=[ONE], **GRANT
    ),
    # What AWS answers
    "read the permissions of image": lambda reader: reader.permission(new_image(), faults=[Fault(READ)], **GRANT),
    "look up WorkSpace": lambda reader: reader.image(faults=[Fault("DescribeWorkspaces", times=None)], **MAKE),
    "look up the bundles": lambda reader: reader.image(
        new_image(), faults=[Fault("DescribeWorkspaceBundles", times=None)], **DELETE
    ),
    "look up bundle": lambda reader: reader.bundle(
        faults=[Fault(LOOK_AT_BUNDLES, times=None)], bundle_id="wsb-123456789"
    ),
    "put image … behind bundle": lambda reader: reader.bundle(
        DESK, images=[new_image()], faults=[UNANSWERED_SWITCH], **SWITCH
    ),
    "look up the WorkSpaces of bundle": lambda reader: reader.bundle(
        DESK, faults=[Fault("DescribeWorkspaces", times=None)], **NO_DESK
    ),
    "read the tags of": lambda reader: reader.image(
        new_image(), faults=[Fault("DescribeTags", times=None)], image_id=IMAGE_ID
    ),
    "remove tags of": lambda reader: reader.image(
        new_image(tags={"team": "desktops"}), faults=[Fault("DeleteTags", times=None)], image_id=IMAGE_ID, tags={}
    ),
    "write tags of": lambda reader: reader.image(
        new_image(), faults=[Fault("CreateTags", times=None)], image_id=IMAGE_ID, tags={"team": "desktops"}
    ),
    "An error occurred (…) when calling the … operation": lambda reader: reader.permission(
        new_image(), faults=[Fault(READ)], **GRANT
    ),
    "no error code": lambda reader: without_an_error(),
    "This is a fault on the side of AWS, and retries did not help": lambda reader: reader.permission(
        new_image(), faults=[Fault(READ)], **GRANT
    ),
    # Credentials
    "Unable to locate credentials": lambda reader: reader.task(),
    "You must specify a region": lambda reader: reader.inventory(**KEYS, endpoint_url=NOWHERE, account_ids=[ONE]),
    "Partial credentials found in": lambda reader: reader.task(environment={"AWS_ACCESS_KEY_ID": OWNER}),
    "Couldn't connect to AWS": lambda reader: reader.task(environment={"AWS_ACCESS_KEY_ID": OWNER}),
    "The config profile (…) could not be found": lambda reader: reader.task(profile="images"),
    "Unable to parse config file": lambda reader: reader.task("[default\n"),
    "requires a region and none was found": lambda reader: reader.task(**KEYS, region=None),
    "Error when retrieving credentials from": lambda reader: reader.task(process("raise SystemExit(1)")),
    "Expecting value": lambda reader: reader.task(process('print("Please log in.")')),
    "make a client for": lambda reader: reader.task("[default]\ncredential_process = /nowhere/at-all\n"),
    "Credentials were refreshed, but the refreshed credentials are still expired": lambda reader: reader.task(
        process(f"print({json.dumps(json.dumps(STALE))})")
    ),
    "Error loading SSO Token": lambda reader: reader.task(SIGN_IN),
    "The security token included in the request is invalid": lambda reader: reader.task(
        access_key="UNKNOWN", secret_key="secret"
    ),
    # The role
    "The role … could not be assumed": lambda reader: reader.task(**KEYS, assume_role_arn=ROLE),
    "What answered is not AWS, for the answer can't be read": lambda reader: reader.task(
        **KEYS, assume_role_arn=ROLE, faults=[Fault("AssumeRole", "page", body="<p>Sign in")]
    ),
    "AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL if one is set": lambda reader: reader.task(
        **KEYS, assume_role_arn=ROLE, sts=NOWHERE
    ),
    # The way to AWS
    "Could not connect to the endpoint URL": lambda reader: reader.task(**KEYS, endpoint_url=NOWHERE),
    "Failed to connect to proxy URL": lambda reader: reader.task(**KEYS, environment={"HTTP_PROXY": NOWHERE}),
    "SSL validation failed for": lambda reader: reader.task(**KEYS, endpoint_url="https://{host}"),
    "Connection was closed before we received a valid response from endpoint URL": lambda reader: reader.task(
        **KEYS, faults=[Fault(READ, "drop")]
    ),
    "Read timeout on endpoint URL": lambda reader: reader.task(
        **KEYS, faults=[Fault(READ, "slow", seconds=1)], aws_config={"read_timeout": 0.2}
    ),
    "Check the Region's name, the endpoint_url if one is set, and the network or proxy": lambda reader: reader.task(
        **KEYS, endpoint_url=NOWHERE
    ),
    "What answered is not AWS, for the answer bears no request ID of AWS's": lambda reader: reader.task(
        **KEYS, faults=[Fault(READ, "page")]
    ),
    "This is neither an answer of AWS nor an error of its SDK": lambda reader: reader.task(
        **KEYS, faults=[Fault(READ, "page", body="\u00ff")]
    ),
}


@pytest.mark.parametrize("sentence", PROVOKED)
def test_a_sentence_that_is_explained_is_read(sentence, reader):
    assert is_in(sentence, PROVOKED[sentence](reader))


def test_every_sentence_that_is_explained_is_provoked():
    assert set(SENTENCES_OF_MODULES) - set(PROVOKED) == set()


def test_nothing_else_is_provoked():
    assert set(PROVOKED) - set(QUOTES) == set()
