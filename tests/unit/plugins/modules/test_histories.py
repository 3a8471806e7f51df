# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any current permissions, any request, any faults: what must hold of a run, and of the run after it.

Set EUC_AWS_EXAMPLES for more examples than the default.
"""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.euc.aws.plugins.module_utils._images.errors import AnsibleImagesError
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    LOOK,
    READ,
    WRITE,
    accounts,
    new_client,
    new_image,
    new_state,
    permission,
)

EXAMPLES = int(os.environ.get("EUC_AWS_EXAMPLES", "200"))
# A database of failures would make the next run start with them; the printed case is enough to replay one.
histories = settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True)

ACCOUNTS = accounts(*range(60))
# Few accounts, which meet often; or enough of them for several pages.
SETS = st.frozensets(st.sampled_from(ACCOUNTS[:6])) | st.frozensets(st.sampled_from(ACCOUNTS), min_size=24)

REQUESTS = st.one_of(
    st.fixed_dictionaries({"shared_account_ids": SETS.map(list), "state": st.sampled_from(["present", "absent"])}),
    st.fixed_dictionaries({"shared_account_ids": SETS.filter(bool).map(list), "purge_accounts": st.just(True)}),
    st.just({"state": "absent", "purge_accounts": True}),
)

CODES = st.sampled_from(
    [
        ("AccessDeniedException", 400),
        ("ExpiredTokenException", 400),
        ("InvalidParameterValuesException", 400),
        ("OperationNotSupportedException", 400),
        ("ResourceNotFoundException", 400),
        ("ResourceUnavailableException", 400),
        ("ThrottlingException", 400),
        ("InternalFailure", 500),
        ("ServiceUnavailable", 503),
    ]
)


@st.composite
def faults(draw):
    kind = draw(st.sampled_from(["error", "drop", "slow", "page"]))
    code, status = draw(CODES)
    operation = draw(st.sampled_from([READ, LOOK, WRITE]))
    # AWS applies what it then answers with a fault of its own, never what it refuses.
    applied = draw(st.booleans()) and (kind != "error" or status >= 500)
    place = {"call": draw(st.integers(1, 6)), "times": draw(st.sampled_from([1, 1, 1, 2, None]))}
    # A proxy's page comes with any status.
    status = draw(st.sampled_from([200, 403, 502])) if kind == "page" else status
    return Fault(operation, kind, code=code, status=status, applied=applied, seconds=9, **place)


def wanted(before, request):
    """What a request asks for, told without the code under test."""
    listed = set(request.get("shared_account_ids", ()))
    if request.get("state") == "absent":
        return set() if request.get("purge_accounts") else before - listed
    return listed if request.get("purge_accounts") else before | listed


def shared_with(server):
    return server.image(IMAGE_ID).shared_account_ids


def writes(server):
    return server.calls(WRITE)


def assert_nobody_lost_access_for_a_moment(server, before, after):
    for call in server.journal:
        if call.shared_account_ids is not None:
            assert before & after <= call.shared_account_ids <= before | after


@histories
@given(before=SETS, request=REQUESTS)
def test_without_faults(before, request):
    server = new_state(new_image(shared_account_ids=before))
    client = new_client(server)
    after = wanted(before, request)

    dry = permission(client, check_mode=True, **request)
    assert not writes(server)
    assert permission(client, **request) == dry
    assert shared_with(server) == after
    assert dry["changed"] == (before != after)
    assert len(writes(server)) == len(before ^ after)
    assert_nobody_lost_access_for_a_moment(server, before, after)

    server.journal.clear()
    again = permission(client, **request)
    assert (again["changed"], writes(server)) == (False, [])


@histories
@given(
    before=SETS,
    request=REQUESTS,
    injected=st.lists(faults(), max_size=4),
    unknown=st.frozensets(st.sampled_from(ACCOUNTS[:6]), max_size=2),
)
def test_with_faults(before, request, injected, unknown):
    server = new_state(
        new_image(shared_account_ids=before - unknown), faults=list(injected), unknown_account_ids=set(unknown)
    )
    client = new_client(server)
    before -= unknown
    after = wanted(before, request)
    try:
        result, message = permission(client, **request), ""
    except AnsibleImagesError as error:
        result, message = error.kwargs, str(error)

    truth = shared_with(server)
    assert len(writes(server)) <= len(before ^ after)
    assert_nobody_lost_access_for_a_moment(server, before, after)
    if not message:
        assert truth == after
    if result:
        assert_true(result, before, after, truth, message)
    else:
        # It failed before the first write.
        assert IMAGE_ID in message
        assert truth == before
        assert not writes(server)

    server.faults.clear()
    server.unknown_account_ids.clear()
    permission(client, **request)
    assert shared_with(server) == after


def assert_true(result, before, after, truth, message):
    """Hold what a run reported against what the server holds."""
    granted, revoked = set(result["granted_account_ids"]), set(result["revoked_account_ids"])
    failed, not_attempted = set(result.get("failed_accounts", ())), set(result.get("not_attempted_account_ids", ()))
    # Each change is in exactly one list.
    assert sorted([*granted, *revoked, *failed, *not_attempted]) == sorted(before ^ after)
    assert result["changed"] == bool(granted | revoked)
    assert bool(failed) == bool(message)
    # What could not be read again is said not to be known; everything else is as reported.
    known = set(ACCOUNTS) - (failed if "is not known" in message else set())
    assert set(result["shared_account_ids"]) & known == truth & known
    assert granted == (granted & truth) - before
    assert revoked == (revoked & before) - truth
    assert len(failed) > 50 or all(account_id in message for account_id in failed)
    # Nobody loses the image in a run in which somebody did not get it.
    assert not (revoked and failed & after)
