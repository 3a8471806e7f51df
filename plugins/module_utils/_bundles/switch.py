# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Putting another image behind a bundle, and finding out whether it is there.

AWS answers nothing to that call, and the bundle may show the image before for a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError
from .._aws.wait import SECONDS_TO_SHOW
from . import api, making
from .errors import AnsibleBundleUpdateError
from .lookup import read_again

if TYPE_CHECKING:
    from typing import Any

    from .bundles import Bundle


def put_image_behind(client: Any, bundle: Bundle, image_id: str) -> Bundle:
    """Put an image behind a bundle, and read that it is.

    :returns: The bundle as it was read after that.
    :raises AnsibleEUCError: If AWS refuses, or the bundle does not show the image. Its result has the image that the
        bundle showed last; None where it could not be read, or was not there.
    """
    error: AnsibleEUCError | None = None
    try:
        api.update_bundle(client, bundle["BundleId"], image_id)
    except AnsibleEUCError as caught:
        if not caught.leaves_open:
            raise
        error = caught
    may_take_effect = error is None or error.may_take_effect
    found = read_again(
        client,
        bundle["BundleId"],
        lambda found: any(each.get("ImageId") == image_id for each in found),
        SECONDS_TO_SHOW if may_take_effect else 0,
    )
    latest = found[0] if found else {}
    shown = latest.get("ImageId")
    if shown == image_id:
        return latest
    is_replaced = shown not in (None, bundle.get("ImageId"))
    may_take_effect = may_take_effect and not (is_replaced and error is None)
    told = error.message if error else making.accepted(bundle, image_id, client.meta.region_name, SECONDS_TO_SHOW)
    raise AnsibleBundleUpdateError(
        making.not_switched(told, found, is_replaced, may_take_effect),
        response=error.response if error else None,
        may_take_effect=may_take_effect,
        changed=is_replaced and error is None,
        image_id=shown,
    ) from error
