# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding the bundle that a task is about, and looking again at what became of it.

Raises ``AnsibleBundlesError``, for AWS's errors and with a sentence of its own.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError
from .._aws.wait import SECONDS_TO_SHOW, poll
from . import api, bundles, making
from .errors import AnsibleBundlesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .bundles import Bundle


def own_bundle(client: Any, bundle_id: str) -> Bundle | None:
    """Return a bundle of the caller's; None if there is none. One of AWS's own is an error."""
    found = api.describe_bundles(client, [bundle_id])
    if found and bundles.is_amazons(found[0]):
        raise AnsibleBundlesError(bundles.not_own(found[0], client.meta.region_name), **bundles.identity(found[0]))
    return found[0] if found else None


def own_bundle_by_name(client: Any, name: str) -> Bundle | None:
    """Return the one bundle of this name that the caller owns in the Region; None if there is none."""
    return _one_named(client, name, api.describe_bundles(client))


def bundle_to_be(client: Any, params: Mapping[str, Any], timeout: float) -> Bundle | None:
    """Return the bundle that the parameters are about, as far as AWS can bring it to what they ask for.

    One that is not there and can't be made may be new, and missing from the first readings.

    :param timeout: The longest time to wait for it to show then, in seconds; never longer than three minutes.
    :returns: The bundle; None if there is none, and enough was given to make it.
    :raises AnsibleBundlesError: If it is not there, not the caller's, or differs in what can't be changed.
    """
    region = client.meta.region_name
    missing = making.missing_to_make(params)
    seen = _seen(client, params)
    # With an ID the description always is: it goes with the name.
    if missing:
        seconds = min(timeout, SECONDS_TO_SHOW)
        seen = poll(client, seen, lambda: _seen(client, params), lambda latest: latest[0] is not None, seconds)
    bundle, owned = seen
    if bundle is None and params["bundle_id"] is not None:
        raise AnsibleBundlesError(bundles.not_there(params["bundle_id"], region))
    if bundle is None and missing:
        raise AnsibleBundlesError(bundles.no_bundle(params["name"], region, owned, missing))
    if bundle and (problem := making.fixed_problem(bundle, params, region)):
        raise AnsibleBundlesError(problem, **bundles.identity(bundle))
    return bundle


def _seen(client: Any, params: Mapping[str, Any]) -> tuple[Bundle | None, list[Bundle]]:
    """Read the bundle that is meant, None where it is not there, and where it is meant by name all that are."""
    if params["bundle_id"] is not None:
        return own_bundle(client, params["bundle_id"]), []
    owned = api.describe_bundles(client)
    return _one_named(client, params["name"], owned), owned


def _one_named(client: Any, name: str, owned: list[Bundle]) -> Bundle | None:
    named = bundles.named_bundles(owned, name)
    if len(named) > 1:
        raise AnsibleBundlesError(bundles.several_bundles(name, client.meta.region_name, named))
    return named[0] if named else None


def read_again(
    client: Any, bundle_id: str, is_done: Callable[[list[Bundle]], bool], seconds: float
) -> list[Bundle] | None:
    """Read a bundle after a change until that shows, at once and then for some time.

    :param is_done: Takes what was read: the bundle, or nothing where it is not there.
    :param seconds: The longest time to go on, in seconds.
    :returns: What was read last; None if nothing could be read.
    """
    latest: list[Bundle] | None = None

    def read() -> list[Bundle]:
        nonlocal latest
        latest = api.describe_bundles(client, [bundle_id])
        return latest

    # What AWS answered to the change says more than why it could not be asked again.
    with suppress(AnsibleEUCError):
        read()
    with suppress(AnsibleEUCError):
        poll(client, latest, read, lambda found: found is not None and is_done(found), seconds)
    return latest
