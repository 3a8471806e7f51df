# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An image in the strict server, a boto3 client that talks to it in-process, and the modules run with that client."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import boto3
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from botocore.config import Config

from ansible_collections.euc.aws.plugins.module_utils._aws.calls import accept_only_aws, be_patient
from ansible_collections.euc.aws.plugins.modules import (
    organization_accounts_info,
    workspaces_bundle,
    workspaces_bundle_info,
    workspaces_image,
    workspaces_image_info,
    workspaces_image_permission,
)
from ansible_collections.euc.aws.tests.aws_server import Image, Organization, State, attach

OWNER = "123456789012"
RECIPIENT = "210987654321"
REGION = "eu-west-1"
IMAGE_ID = "wsi-123456789"

READ = "DescribeWorkspaceImagePermissions"
LOOK = "DescribeWorkspaceImages"
WRITE = "UpdateWorkspaceImagePermission"


def accounts(*numbers: int) -> list[str]:
    """Turn numbers into account IDs."""
    return [f"{number:012d}" for number in numbers]


def new_image(**fields: Any) -> Image:
    """Make an image of OWNER's, AVAILABLE unless told otherwise."""
    return replace(Image(IMAGE_ID, "golden", owner=OWNER, region=REGION), **fields)


def new_state(*images: Image, **fields: Any) -> State:
    """Make a server that knows OWNER and RECIPIENT, each by an access key that is the account ID."""
    return State(access_keys={OWNER: OWNER, RECIPIENT: RECIPIENT}, images=list(images), **fields)


def new_client(
    state: State,
    access_key: str = OWNER,
    attempts: int = 1,
    region: str = REGION,
    service: str = "workspaces",
    **config: Any,
) -> Any:
    """Make a boto3 client whose calls the server answers, without a network."""
    retries = {"mode": "standard", "total_max_attempts": attempts}
    client = boto3.client(
        service,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key="secret",
        config=Config(**{"retries": retries, "read_timeout": 5, **config}),
    )
    attach(client, state)
    accept_only_aws(client)
    return client


class Clients:
    """Makes clients as AWSClients does, retries among it, whose calls the server answers."""

    def __init__(self, state: State, access_key: str = OWNER, region: str = REGION) -> None:
        self._state, self._access_key, self._region = state, access_key, region
        self._made: dict[Any, Any] = {}

    def make(self, service: str, region: str | None = None, repeats: bool = True) -> Any:
        """Make a client. With ``repeats`` false, one whose calls must not take effect twice."""
        which = service, region or self._region, repeats
        if which not in self._made:
            self._made[which] = new_client(self._state, self._access_key, region=which[1], service=service)
            be_patient(self._made[which], 3 if repeats else 1)
        return self._made[which]


def image(clients: Clients, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """Run workspaces_image with these options, as its main() does."""
    return workspaces_image.run(_parameters(workspaces_image, options), clients, check_mode)


def bundle(clients: Clients, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """Run workspaces_bundle with these options, as its main() does."""
    return workspaces_bundle.run(_parameters(workspaces_bundle, options), clients, check_mode)


def bundle_info(client: Any, **options: Any) -> dict[str, Any]:
    """Run workspaces_bundle_info with these options, as its main() does."""
    return workspaces_bundle_info.run(_parameters(workspaces_bundle_info, options), client)


def permission(client: Any, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """Run workspaces_image_permission with these options, as its main() does."""
    if "image_name" not in options:
        options = {"image_id": IMAGE_ID, **options}
    params = _parameters(workspaces_image_permission, options)
    return workspaces_image_permission.run(params, client, check_mode)


def info(client: Any, **options: Any) -> dict[str, Any]:
    """Run workspaces_image_info with these options, as its main() does."""
    return workspaces_image_info.run(_parameters(workspaces_image_info, options), client)


def new_organization(tree: dict[str, list[str]], **settings: Any) -> State:
    """Make a server that knows an organization with accounts in units, of which OWNER is the management account.

    Accounts tell their state in Status too where this botocore drops State.
    """
    told = {"management": OWNER, "gives_status": not _knows_state(), **settings}
    return new_state(organization=Organization.of(tree, **told))


@cache
def _knows_state() -> bool:
    model = new_client(State(), service="organizations").meta.service_model
    return "State" in model.shape_for("Account").members


def chosen(state: State, access_key: str = OWNER, **options: Any) -> dict[str, Any]:
    """Run organization_accounts_info with these options against this server, as its main() does."""
    return chosen_by(new_client(state, access_key, service="organizations"), **options)


def chosen_by(client: Any, **options: Any) -> dict[str, Any]:
    """Run organization_accounts_info with these options, as its main() does."""
    return organization_accounts_info.run(_parameters(organization_accounts_info, options), client)


def _parameters(module: Any, options: dict[str, Any]) -> dict[str, Any]:
    rules = getattr(module, "OPTION_RULES", {})
    validated = ArgumentSpecValidator(module.ARGUMENT_SPEC, **rules).validate(options)
    assert validated.error_messages == []
    module.validate_parameters(validated.validated_parameters)
    return validated.validated_parameters


def counted(state: State) -> dict[str, int]:
    """Count the calls that the server received, by operation."""
    return {operation: len(state.calls(operation)) for operation in dict.fromkeys(c.operation for c in state.journal)}


def _warm_up() -> None:
    """Let botocore and the server read what they keep: ansible-test forks a process of this one for each test."""
    new_client(State(), service="sts")
    chosen(new_organization({"/": [OWNER]}))
    permission(new_client(new_state(new_image())), shared_account_ids=[RECIPIENT])


_warm_up()
