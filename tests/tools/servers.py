# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in for AWS in the integration tests: moto, or the strict server of this repository."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from moto.organizations.models import organizations_backends
from moto.server import ThreadedMotoServer
from moto.workspaces.models import Workspace, WorkspaceImage, workspaces_backends

from ansible_collections.euc.aws.tests.aws_server import Bundle, Image, Organization, Role, State, WorkSpace, serve
from ansible_collections.euc.aws.tests.aws_server.desktops import AMAZON

OWNER = "123456789012"
OTHER = "999999999999"
REGION, ANOTHER_REGION, LONDON = "eu-west-1", "eu-central-1", "eu-west-2"
ACCESS_KEY = "integration-access-key"
# moto lets everybody assume any role.
ROLE = Role(f"arn:aws:iam::{OWNER}:role/images", trusted=frozenset({OWNER}), external_id="golden")
RECIPIENTS_ROLE = Role(f"arn:aws:iam::{OTHER}:role/images", trusted=frozenset({OWNER}))

OTHERS = ["222222222222"]

# The accounts of the organization, by the path of their unit
TREE = {
    "/": [OWNER],
    "/Workloads": ["111111111111"],
    # More than a page
    "/Workloads/Production": [f"3{number:011}" for number in range(25)],
    "/Workloads/Production/Frozen": ["444444444444"],
    "/Sandbox": ["555555555555"],
}

# The images that the integration targets name; the first is the one that most of them are about
IMAGES = [
    Image(
        "wsi-golden001",
        "golden-2026-11",
        OWNER,
        REGION,
        shared_account_ids=frozenset(OTHERS),
        tags={"team": "desktops", "euc.aws/source": f"{OWNER}/us-east-1/wsi-source001"},
    ),
    # Enough looks for those that list every image before one waits for this one
    Image("wsi-pending01", "golden-pending", OWNER, REGION, pending_looks=6),
    Image("wsi-pending02", "golden-stuck", OWNER, REGION, state="PENDING"),
    Image("wsi-foreign01", "golden-foreign", OTHER, REGION, shared_account_ids=frozenset({OWNER})),
    Image(
        "wsi-error0001",
        "golden-broken",
        OWNER,
        REGION,
        state="ERROR",
        error_code="OutdatedPowershellVersion",
        error_message="Update PowerShell",
    ),
    Image("wsi-twin00001", "golden-twin", OWNER, REGION),
    Image("wsi-twin00002", "golden-twin", OWNER, REGION),
    Image(
        "wsi-bundled01",
        "golden-bundled",
        OWNER,
        ANOTHER_REGION,
        shared_account_ids=frozenset(OTHERS),
        tags={"team": "desktops"},
    ),
    # What is behind bundles, or is to be
    Image("wsi-london0001", "golden-london-11", OWNER, LONDON),
    Image("wsi-london0002", "golden-london-12", OWNER, LONDON, created=1_700_086_400),
    Image("wsi-london0003", "golden-london-foreign", OTHER, LONDON, shared_account_ids=frozenset({OWNER})),
]
BUNDLES = [
    Bundle("wsb-golden001", "desktops", OWNER, "wsi-bundled01", ANOTHER_REGION),
    Bundle("wsb-used00001", "desk-used", OWNER, "wsi-london0001", LONDON, tags={"team": "desktops"}),
    Bundle("wsb-amazon001", "Standard with Windows", AMAZON, "wsi-amazon001", LONDON),
]
WORKSPACES = [
    WorkSpace("ws-master001", OWNER, ANOTHER_REGION),
    WorkSpace("ws-london0001", OWNER, LONDON, "wsb-used00001"),
]


@contextmanager
def running(name: str, configuration: Path) -> Iterator[None]:
    """Run the server ``name``, and tell the integration tests of it by the file ``configuration``."""
    with SERVERS[name]() as url:
        options = {"endpoint_url": url, "region": REGION, "access_key": ACCESS_KEY, "secret_key": "integration-secret"}
        environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": "integration-secret",
            "AWS_DEFAULT_REGION": REGION,
        }
        subject = {
            "emulator": True,
            "server": name,
            "image_id": IMAGES[0].image_id,
            "image_name": IMAGES[0].name,
            "owner": OWNER,
            "role": {"assume_role_arn": ROLE.arn, "assume_role_external_id": ROLE.external_id},
            "recipient": {"account": OTHER, "role": {"assume_role_arn": RECIPIENTS_ROLE.arn}},
            "accounts": ["012345670123", "111111111111"],
            "others": OTHERS,
            "tree": TREE,
        }
        variables = {"aws_options": options, "aws_environment": environment, "subject": subject}
        configuration.write_text(yaml.safe_dump(variables))
        try:
            yield
        finally:
            configuration.unlink(missing_ok=True)


@contextmanager
def strict() -> Iterator[str]:
    """Run the strict server with the images, and yield its URL."""
    # An old botocore drops the field State.
    organization = Organization.of(TREE, gives_status=True, empty_pages=True)
    state = State(
        access_keys={ACCESS_KEY: OWNER},
        roles=[ROLE, RECIPIENTS_ROLE],
        images=list(IMAGES),
        bundles=list(BUNDLES),
        workspaces=list(WORKSPACES),
        organization=organization,
    )
    with serve(state) as url:
        yield url


@contextmanager
def moto() -> Iterator[str]:
    """Run moto with the images, the WorkSpace and the organization, and yield its URL. It knows no bundles."""
    give_to_moto(IMAGES)
    organize_in_moto(TREE)
    for workspace in WORKSPACES:
        asked = {
            "DirectoryId": workspace.directory_id,
            "BundleId": workspace.bundle_id,
            "UserName": workspace.user_name,
        }
        record = Workspace(asked, running_mode="ALWAYS_ON", error_code="", error_msg="")
        record.workspace_id = workspace.workspace_id
        workspaces_backends[OWNER][workspace.region].workspaces[workspace.workspace_id] = record
    with moto_server() as url:
        yield url


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto on a free port of 127.0.0.1, inside this process, and yield its URL."""
    # It logs each request, and a traceback for each HTTP 500 that it answers.
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


def give_to_moto(images: Iterable[Image]) -> None:
    """Put images into the moto of this process, as its account OWNER sees them: moto takes every caller for that."""
    for image in images:
        workspaces_backends[OWNER][image.region].workspace_images[image.image_id] = _moto_record(image)


def organize_in_moto(tree: Mapping[str, Iterable[str]]) -> None:
    """Make an organization in the moto of this process, with accounts in units, and OWNER as its management account."""
    backend = organizations_backends[OWNER]["aws"]
    backend.create_organization(region="us-east-1")
    ids = {"/": backend.list_roots()["Roots"][0]["Id"]}
    for path, account_ids in tree.items():
        above, _slash, name = path.rpartition("/")
        if name:
            made = backend.create_organizational_unit(ParentId=ids[above or "/"], Name=name)
            ids[path] = made["OrganizationalUnit"]["Id"]
        for account_id in account_ids:
            if account_id != OWNER:
                backend.create_account(AccountName=f"account-{account_id[-4:]}", Email=f"{account_id}@example.com")
                # moto picks an ID by chance.
                backend.accounts[-1].id = account_id
                backend.accounts[-1].parent_id = ids[path]


def _moto_record(image: Image) -> WorkspaceImage:
    tags = [{"Key": key, "Value": value} for key, value in image.tags.items()]
    record = WorkspaceImage(image.name, image.description, tags, image.owner)
    for field in ("image_id", "state", "created", "error_code", "error_message"):
        setattr(record, field, getattr(image, field))
    record.operating_system = {"Type": image.operating_system}
    record.image_permissions = [{"SharedAccountId": account_id} for account_id in sorted(image.shared_account_ids)]
    if image.pending_looks:
        record.to_dict = partial(_show_pending, record, iter(range(image.pending_looks)))
    return record


def _show_pending(record: WorkspaceImage, looks: Iterator[int]) -> dict[str, Any]:
    """Return what moto answers about an image, but in state PENDING as long as ``looks`` lasts."""
    answer = WorkspaceImage.to_dict(record)
    return answer | {"State": "PENDING"} if next(looks, None) is not None else answer


SERVERS = {"moto": moto, "strict": strict}
