# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making a bundle, once, and finding out what became of it.

AWS has no token that would make the second of two calls harmless. So a call that may have taken effect is never made
again: the bundle is looked for by its name, and has to be as it was to be made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError, may_be_there
from .._aws.making import TAKEN, not_ready, not_seen, not_settled
from .._aws.tags import as_request, describe_tags
from .._aws.wait import SECONDS_TO_SHOW, poll, watch
from . import api, bundles, making
from .errors import AnsibleBundleCreationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .bundles import Bundle
    from .making import NewBundle

# Mostly the name is blocked, and no bundle of it will ever show.
_SECONDS_WHERE_TAKEN = 30


@dataclass(frozen=True)
class Made:
    """A bundle that is there now: what is known of it, its tags, and whether this task made it."""

    bundle: Bundle
    tags: Mapping[str, str]
    is_new: bool


def make_bundle(client: Any, once: Any, new: NewBundle) -> Made:
    """Make a bundle by one call.

    :param client: The client that reads.
    :param once: A client that makes no call again that may have taken effect.
    :raises AnsibleEUCError: If AWS refuses, if there is another bundle of that name, and if it is not known whether
        the bundle was made; then with ``may_take_effect`` in its result.
    """
    try:
        made = api.make_bundle(once, new, as_request(new.tags))
    except AnsibleEUCError as error:
        if not may_be_there(error):
            raise
        return _look_for(client, new, error)
    return Made({**making.planned(new, wait=False), **made}, new.tags, is_new=True)


def _look_for(client: Any, new: NewBundle, error: AnsibleEUCError) -> Made:
    """Find out what became of a call that may have made the bundle, or that AWS refused because the name is taken."""
    region = client.meta.region_name
    seconds = SECONDS_TO_SHOW if error.may_take_effect else _SECONDS_WHERE_TAKEN
    is_new = error.code != TAKEN
    known: dict[str, Any] = {}
    try:
        owned = _owned_with(client, new.name, seconds)
        named = bundles.named_bundles(owned or [], new.name)
        if len(named) > 1:
            raise AnsibleBundleCreationError(bundles.several_bundles(new.name, region, named))
        if named and (problem := making.other_problem(named[0], new, region)):
            raise AnsibleBundleCreationError(problem)
        if named:
            known = {**bundles.identity(named[0]), "changed": is_new}
            return Made(named[0], describe_tags(client, named[0]["BundleId"]), is_new)
    except AnsibleEUCError as reason:
        raise AnsibleBundleCreationError(
            not_settled(error, reason, "bundle"),
            response=error.response,
            may_take_effect=error.may_take_effect,
            **known,
        ) from reason
    if not error.may_take_effect:
        raise error
    raise AnsibleBundleCreationError(
        not_seen(error, "bundle", new.name, region, seconds, owned is not None),
        response=error.response,
        may_take_effect=True,
    )


def _owned_with(client: Any, name: str, seconds: float) -> list[Bundle] | None:
    """Read the caller's bundles until one of a name shows, or time is up; None where AWS could not be asked."""
    latest: list[Bundle] | None = None
    return poll(
        client,
        latest,
        lambda: api.describe_bundles(client),
        lambda owned: bundles.named_bundles(owned or [], name) != [],
        seconds,
    )


def usable_bundle(client: Any, bundle: Bundle, wait_timeout: int | None, left: float) -> Bundle:
    """Return a bundle that is not in state ERROR, and is AVAILABLE where that is to be waited for.

    :param wait_timeout: The longest time that all waits of the task may take, in seconds; None not to wait.
    :param left: The seconds that are left of it.
    :returns: The bundle as it was read last.
    :raises AnsibleEUCError: If it is in state ERROR, not ready in time, or gone; or if AWS can't be asked.
    """
    region = client.meta.region_name
    if wait_timeout:
        bundle = _waited_for(client, bundle, wait_timeout, left)
    if bundle.get("State") == "ERROR":
        raise AnsibleBundleCreationError(making.in_error(bundle, region), state="ERROR")
    return bundle


def _waited_for(client: Any, bundle: Bundle, wait_timeout: int, left: float) -> Bundle:
    region = client.meta.region_name

    def read() -> Bundle | None:
        return next(iter(api.describe_bundles(client, [bundle["BundleId"]])), None)

    try:
        look = watch(client, bundle, read, bundles.is_settled, left)
    except AnsibleEUCError as error:
        error.message += making.waited_on(bundle, region)
        raise
    if look.is_gone:
        raise AnsibleBundleCreationError(making.vanished(bundle, region, SECONDS_TO_SHOW))
    if not bundles.is_settled(look.found):
        # Without time left for a look, what is known of it was read or answered just before.
        state = look.found.get("State") if look.is_seen or not left else None
        told = {"state": state} if state else {}
        label = bundles.bundle_label(bundle, region)
        raise AnsibleBundleCreationError(not_ready("bundle", label, state, wait_timeout), **told)
    return look.found
