# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""workspaces_bundle when two things go wrong one after the other, or the world changes during a wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_image_faults import attempt
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_workspaces_bundle import (
    BUNDLES,
    CREATE,
    NEW,
    OURS,
    a_state,
)
from ansible_collections.euc.aws.tests.unit.support import Clients, bundle


def test_a_listing_without_a_list_is_no_empty_one(clock):
    """To botocore's parser it is one, whatever the shape of the JSON, and names need not be unique."""
    server = a_state(replace(OURS, name="new"), names_are_unique=False)
    server.faults = [Fault(BUNDLES, "page", body='{"message": "ok"}', bears_request_id=True)]
    attempt(lambda: bundle(Clients(server), **NEW))
    assert len(server.bundles) == 1


@pytest.mark.parametrize("answer", ['{"WorkspaceBundle": {"BundleId": 7}}', '{"WorkspaceBundle": {"BundleId": "new"}}'])
def test_the_id_of_a_new_bundle_is_an_id(answer, clock):
    server = a_state(faults=[Fault(CREATE, "page", body=answer, bears_request_id=True, applied=True)])
    assert bundle(Clients(server), **NEW)["bundle_id"] == server.bundles[0].bundle_id
