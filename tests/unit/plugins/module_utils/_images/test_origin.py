# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.euc.aws.plugins.module_utils._aws.tags import tags_problem
from ansible_collections.euc.aws.plugins.module_utils._images.origin import (
    SOURCE_TAG,
    Origin,
    origin_problem,
    read_origin,
    source_fields,
    source_tag_problem,
    vouching_problem,
)

OWNER = "123456789012"
ORIGINS = st.builds(
    Origin,
    st.sampled_from(("wsi-123456789", "wsi-zzzzzzzzz", "wsi-" + "0" * 63, "ws-12345678", "ws-123456789")),
    st.sampled_from(("eu-west-1", "us-gov-east-1", "cn-northwest-1", "ap-southeast-5")),
    st.sampled_from((None, OWNER, "000000000000")),
)


@given(ORIGINS)
def test_what_is_written_is_read_and_awss_rules_allow_it(origin):
    assert read_origin(origin.tag) == origin
    assert tags_problem({SOURCE_TAG: origin.tag}) is None
    assert source_tag_problem({SOURCE_TAG: origin.tag}, has_source=False) is None


@given(ORIGINS, ORIGINS, st.sampled_from((None, OWNER)))
def test_an_origin_is_another_where_any_part_is(tagged, wanted, own):
    """An account that is not told is the image's own, and where AWS does not tell that, none that is told."""
    image = {"ImageId": "wsi-image0000", **({"OwnerAccountId": own} if own else {})}
    accounts = tagged.account_id or own, wanted.account_id or own
    same = (tagged.source_id, tagged.region) == (wanted.source_id, wanted.region) and len(set(accounts)) == 1
    assert (origin_problem(image, {SOURCE_TAG: tagged.tag}, wanted, "eu-west-1") is None) == same


@given(ORIGINS)
def test_no_image_is_made_from_itself(origin):
    own = {"ImageId": origin.source_id}
    assert "is the source itself" in origin_problem(own, {SOURCE_TAG: origin.tag}, origin, origin.region)
    assert vouching_problem({SOURCE_TAG: origin.tag}, origin.source_id, origin.region)
    assert vouching_problem({SOURCE_TAG: origin.tag}, origin.source_id, "us-east-1") is None
    assert vouching_problem(None, origin.source_id, origin.region) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "wsi-123456789",
        "eu-west-1",
        "eu-west-1/wsi-123456789/",
        "/eu-west-1/wsi-123456789",
        "12345678901/eu-west-1/wsi-123456789",
        "123456789012/EU/wsi-123456789",
        "123456789012/eu-west-1/wsb-123456789",
        "123456789012/eu-west-1/wsi-123456789\n",
        "x/123456789012/eu-west-1/wsi-123456789",
    ],
)
def test_what_tells_no_origin_is_read_as_none(value):
    assert read_origin(value) is None
    assert source_fields({} if value is None else {SOURCE_TAG: value}) is None
    assert source_tag_problem({SOURCE_TAG: value}, has_source=False)


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (
            f"{OWNER}/eu-west-1/wsi-123456789",
            {"account_id": OWNER, "region": "eu-west-1", "image_id": "wsi-123456789"},
        ),
        ("eu-west-1/ws-12345678", {"account_id": None, "region": "eu-west-1", "workspace_id": "ws-12345678"}),
    ],
)
def test_results_tell_the_origin_part_by_part(value, fields):
    assert source_fields({SOURCE_TAG: value, "other": "x"}) == fields
