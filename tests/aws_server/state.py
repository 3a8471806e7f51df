# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the server knows: accounts, roles, images and what stands on them, faults to inject, the journal of calls."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from .desktops import BlockedName, Bundle, WorkSpace
from .organization import Organization


@dataclass(frozen=True)
class Image:
    """A WorkSpaces image, made from the WorkSpace `workspace_id` if it is not empty.

    It does not show in its first `hidden_looks` DescribeWorkspaceImages, then as PENDING in the next `pending_looks`,
    then as `state`. With `created` None it has no time. `byol_account_ids` are the accounts that a DEDICATED
    (bring-your-own-licence) image may be shared with, `error_details` are AWS's own:
    `{"ErrorCode": "DomainJoined", "ErrorMessage": "Leave the domain."}`.
    """

    image_id: str
    name: str
    owner: str
    region: str = "us-east-1"
    state: str = "AVAILABLE"
    shared_account_ids: frozenset[str] = frozenset()
    pending_looks: int = 0
    created: float | None = 1_700_000_000
    description: str = "A test image"
    operating_system: str = "WINDOWS"
    required_tenancy: str = "DEFAULT"
    byol_account_ids: frozenset[str] = frozenset()
    error_code: str = ""
    error_message: str = ""
    error_details: list[dict[str, str]] = field(default_factory=list)
    hidden_looks: int = 0
    workspace_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("shared_account_ids", "byol_account_ids"):  # JSON brings lists, tests bring sets
            object.__setattr__(self, name, frozenset(getattr(self, name)))


@dataclass(frozen=True)
class Result:
    """What becomes of a new image when it is no longer PENDING: fields of an `Image`."""

    state: str = "AVAILABLE"
    error_code: str = ""
    error_message: str = ""
    error_details: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Role:
    """A role that account ids, users, roles and sessions of roles in `trusted` (the others by their ARNs) may assume.

    They have to give `external_id` if it is not None. Sessions last `max_session_seconds` at most, an hour or more.
    """

    arn: str
    trusted: frozenset[str] = frozenset()
    external_id: str | None = None
    max_session_seconds: int = 3600

    def __post_init__(self) -> None:
        object.__setattr__(self, "trusted", frozenset(self.trusted))  # as with images


@dataclass(frozen=True)
class Principal:
    """Who calls. `role_arn` is that of the role whose session it is, or empty."""

    account: str = ""
    arn: str = ""
    user_id: str = ""
    role_arn: str = ""


@dataclass(frozen=True)
class Session:
    """What belongs to a temporary access key. It ends when the clock reads `expires`."""

    principal: Principal
    secret_access_key: str
    session_token: str
    expires: float


@dataclass(frozen=True)
class Fault:
    """What goes wrong at the `call`-th call of an operation (from 1) and the next ones: `times` in all, None = ever.

    With `account_id`, only calls with that SharedAccountId count, with `caller_account` only those by that account,
    with `region` only those to that Region. Calls are counted in the journal, so clearing the journal starts again
    from 1. The first fault in the list that fits is the one that happens. The kinds:

    - error: `code`, `message` and HTTP `status` are answered; with `applied` after the call took effect.
    - drop: the connection is closed without an answer; with `applied` after the call took effect.
    - slow: the call takes effect, the answer comes `seconds` late.
    - stale: a read sees the images as they were before the last `writes` writes.
    - page: something that is not AWS, such as a login page, answers `body` in latin-1 (so that it can be any bytes), of
      `content_type`, with HTTP `status` and without a request id, unless it `bears_request_id` because only the body
      was replaced or cut off on the way; with `applied` after the call took effect.

    `status` is 200 for a page and 500 for the others, unless told otherwise.
    """

    operation: str
    kind: Literal["error", "drop", "slow", "stale", "page"] = "error"
    call: int = 1
    times: int | None = 1
    account_id: str | None = None
    caller_account: str | None = None
    region: str | None = None
    applied: bool = False
    code: str = "InternalFailure"
    message: str = "Injected fault."
    status: int = 0
    seconds: float = 0
    writes: int = 1
    body: str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to go on.</body></html>"
    content_type: str = "text/html"
    bears_request_id: bool = False

    def __post_init__(self) -> None:
        self.body.encode("latin-1")  # an error now, and not when the fault is due
        object.__setattr__(self, "status", self.status or (200 if self.kind == "page" else 500))

    def meets(self, call: Call) -> bool:
        """Whether a call is one of those that count."""
        return (
            call.operation == self.operation
            and self.region in (None, call.region)
            and self.caller_account in (None, call.account)
            and (self.account_id is None or call.shared_account_id == self.account_id)
        )


@dataclass(frozen=True)
class Call:
    """A call as the journal holds it.

    `error` is the code that was answered ("ConnectionClosed" for a drop, "NotFromAWS" for a page), `changed` whether
    the call changed a resource, `shared_account_ids` those of the image named ImageId after the call, `caller` the
    ARN of who called.
    """

    operation: str
    account: str
    region: str
    parameters: Any
    error: str | None = None
    changed: bool = False
    shared_account_ids: frozenset[str] | None = None
    caller: str = ""
    access_key: str = ""

    @property
    def shared_account_id(self) -> str | None:
        """The parameter SharedAccountId, if there is one."""
        return self.parameters.get("SharedAccountId") if isinstance(self.parameters, dict) else None


@dataclass
class Throttle:
    """A token bucket for each account and Region: `rate` calls a second, `burst` at once, of whatever operation."""

    rate: float = 2
    burst: float = 5
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def allows(self, account: str, region: str) -> bool:
        """Take a token; False if there is none left."""
        now = self.clock()
        tokens, since = self._buckets.get((account, region), (self.burst, now))
        tokens = min(self.burst, tokens + (now - since) * self.rate)
        self._buckets[account, region] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1

    def as_json(self) -> dict[str, float]:
        """What it was made with."""
        return {"rate": self.rate, "burst": self.burst}


@dataclass
class State:
    """Everything the server knows. Hold `lock` to change it while the server runs.

    - `access_keys` leads from access key to account id, `session_tokens` from access key to the session token that must
      come with it; `expired_access_keys` are those that were good once.
    - `unknown_account_ids` cannot be shared with.
    - An image that is copied or made from a WorkSpace does not show for `hidden_looks`, is PENDING for the next
      `copy_pending_looks`, and then what `copy_result` says, or `copy_results` for the account that makes it; a new
      bundle likewise, with `bundle_pending_looks` and the state `bundle_result`. Without `names_are_unique` a second
      one of the same name is taken.
    - `throttle` is WorkSpaces' own; `service_throttles` leads from the name of another service to its.
    - A session of a role ends after `session_seconds` of `clock`, which is a Unix time, if that is not None, although
      the caller is told what it asked for.
    """

    access_keys: dict[str, str] = field(default_factory=dict)
    session_tokens: dict[str, str] = field(default_factory=dict)
    expired_access_keys: set[str] = field(default_factory=set)
    roles: list[Role] = field(default_factory=list)
    session_seconds: float | None = None
    images: list[Image] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)
    workspaces: list[WorkSpace] = field(default_factory=list)
    blocked_names: list[BlockedName] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unknown_account_ids: set[str] = field(default_factory=set)
    image_quota: int = 40
    bundle_quota: int = 50
    names_are_unique: bool = True
    hidden_looks: int = 0
    copy_pending_looks: int = 2
    copy_result: Result = field(default_factory=Result)
    copy_results: dict[str, Result] = field(default_factory=dict)
    bundle_pending_looks: int = 1
    bundle_result: str = "AVAILABLE"
    throttle: Throttle | None = None
    service_throttles: dict[str, Throttle] = field(default_factory=dict)
    organization: Organization | None = None
    clock: Callable[[], float] = time.time
    journal: list[Call] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)  # by access key
    history: list[dict[str, Any]] = field(default_factory=list)  # resources() before each write, oldest first
    looks: Counter[str] = field(default_factory=Counter)  # id of an image or bundle -> describes that asked for it
    pages: dict[str, str] = field(default_factory=dict)  # NextToken -> last id of the page before
    lock: threading.RLock = field(default_factory=threading.RLock)

    def image(self, image_id: str) -> Image:
        """The image as it is now. KeyError if there is none."""
        for image in self.images:
            if image.image_id == image_id:
                return image
        raise KeyError(image_id)

    def resources(self) -> dict[str, Any]:
        """Copies of the lists that calls change: what a stale read sees as it was, and what the history holds."""
        names = ("images", "bundles", "workspaces", "blocked_names")
        return {name: list(getattr(self, name)) for name in names}

    def throttle_of(self, service: str) -> Throttle | None:
        """The throttle of a service, by its name."""
        return self.throttle if service == "workspaces" else self.service_throttles.get(service)

    def calls(self, operation: str) -> list[Call]:
        """The journal's calls of one operation."""
        return [call for call in self.journal if call.operation == operation]

    def fault_for(self, coming: Call) -> Fault | None:
        """The fault that the call coming next meets, if any."""
        for fault in self.faults:
            if not fault.meets(coming):
                continue
            number = 1 + sum(fault.meets(call) for call in self.journal)
            if number >= fault.call and (fault.times is None or number < fault.call + fault.times):
                return fault
        return None

    def load(self, data: Mapping[str, Any]) -> None:
        """Start anew with what `as_json` gave; what is left out is empty, its journal is ignored.

        Raises TypeError for a name that is not known.
        """
        given = {name: value for name, value in data.items() if name != "journal"}
        for name, record in _RECORDS.items():
            given[name] = [record(**item) for item in given.get(name, [])]
        given["copy_result"] = Result(**given.get("copy_result", {}))
        given["copy_results"] = {account: Result(**one) for account, one in given.get("copy_results", {}).items()}
        for name in ("unknown_account_ids", "expired_access_keys"):
            given[name] = set(given.get(name, ()))
        given["throttle"] = Throttle(**given["throttle"]) if given.get("throttle") else None
        throttles = given.get("service_throttles", {})
        given["service_throttles"] = {service: Throttle(**throttle) for service, throttle in throttles.items()}
        given["organization"] = Organization.from_json(given["organization"]) if given.get("organization") else None
        fresh = vars(State(**given))
        with self.lock:
            vars(self).update({name: value for name, value in fresh.items() if name != "lock"})

    def as_json(self) -> dict[str, Any]:
        """The state and the journal as JSON types, sets as sorted lists."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: [_plain(record) for record in getattr(self, name)] for name in _RECORDS},
            "expired_access_keys": sorted(self.expired_access_keys),
            "unknown_account_ids": sorted(self.unknown_account_ids),
            "copy_result": _plain(self.copy_result),
            "copy_results": {account: _plain(result) for account, result in self.copy_results.items()},
            "throttle": self.throttle and self.throttle.as_json(),
            "service_throttles": {name: throttle.as_json() for name, throttle in self.service_throttles.items()},
            "organization": self.organization and self.organization.as_json(),
            "journal": [_plain(call) for call in self.journal],
        }


# What `load` and `as_json` take as it is, and the lists of records.
_PLAIN = (
    "access_keys",
    "session_tokens",
    "session_seconds",
    "image_quota",
    "bundle_quota",
    "names_are_unique",
    "hidden_looks",
    "copy_pending_looks",
    "bundle_pending_looks",
    "bundle_result",
)
_RECORDS: dict[str, Callable[..., Any]] = {
    "roles": Role,
    "images": Image,
    "bundles": Bundle,
    "workspaces": WorkSpace,
    "blocked_names": BlockedName,
    "faults": Fault,
}


def _plain(record: Any) -> dict[str, Any]:
    return {name: sorted(v) if isinstance(v, frozenset) else v for name, v in asdict(record).items()}
