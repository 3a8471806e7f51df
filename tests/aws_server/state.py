# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the server knows: accounts, images, faults to inject, and the journal of calls."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Image:
    """A WorkSpaces image. It shows as PENDING to its first `pending_looks` DescribeWorkspaceImages, then as `state`.

    `byol_account_ids` are the accounts that a DEDICATED (bring-your-own-licence) image may be shared with.
    """

    image_id: str
    name: str
    owner: str
    region: str = "us-east-1"
    state: str = "AVAILABLE"
    shared_account_ids: frozenset[str] = frozenset()
    pending_looks: int = 0
    created: float = 1_700_000_000
    description: str = "A test image"
    operating_system: str = "WINDOWS"
    required_tenancy: str = "DEFAULT"
    byol_account_ids: frozenset[str] = frozenset()
    error_code: str = ""
    error_message: str = ""

    def __post_init__(self) -> None:
        for name in ("shared_account_ids", "byol_account_ids"):  # JSON brings lists, tests bring sets
            object.__setattr__(self, name, frozenset(getattr(self, name)))


@dataclass(frozen=True)
class Fault:
    """What goes wrong at the `call`-th call of an operation (from 1) and the next ones: `times` in all, None = ever.

    With `account_id`, only calls with that SharedAccountId count. Calls are counted in the journal, so clearing the
    journal starts again from 1. The first fault in the list that fits is the one that happens. The kinds:

    - error: `code`, `message` and HTTP `status` are answered; with `applied` after the call took effect.
    - drop: the connection is closed without an answer; with `applied` after the call took effect.
    - slow: the call takes effect, the answer comes `seconds` late.
    - stale: a read sees the images as they were before the last `writes` writes.
    - page: something that is not AWS, such as a login page, answers `body` in latin-1 (so that it can be any bytes), of
      `content_type`, with HTTP `status` and without a request id; with `applied` after the call took effect.

    `status` is 200 for a page and 500 for the others, unless told otherwise.
    """

    operation: str
    kind: Literal["error", "drop", "slow", "stale", "page"] = "error"
    call: int = 1
    times: int | None = 1
    account_id: str | None = None
    applied: bool = False
    code: str = "InternalFailure"
    message: str = "Injected fault."
    status: int = 0
    seconds: float = 0
    writes: int = 1
    body: str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to go on.</body></html>"
    content_type: str = "text/html"

    def __post_init__(self) -> None:
        self.body.encode("latin-1")  # an error now, and not when the fault is due
        object.__setattr__(self, "status", self.status or (200 if self.kind == "page" else 500))


@dataclass(frozen=True)
class Call:
    """A call as the journal holds it.

    `error` is the code that was answered ("ConnectionClosed" for a drop, "NotFromAWS" for a page), `changed` whether
    the call had an effect, `shared_account_ids` those of the image named ImageId after the call.
    """

    operation: str
    account: str
    region: str
    parameters: Any
    error: str | None = None
    changed: bool = False
    shared_account_ids: frozenset[str] | None = None


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


@dataclass
class State:
    """Everything the server knows. Hold `lock` to change it while the server runs.

    `access_keys` leads from access key to account id; `session_tokens` from access key to the session token that must
    come with it; `unknown_account_ids` cannot be shared with; a copied image is PENDING for `copy_pending_looks`.
    """

    access_keys: dict[str, str] = field(default_factory=dict)
    session_tokens: dict[str, str] = field(default_factory=dict)
    images: list[Image] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unknown_account_ids: set[str] = field(default_factory=set)
    image_quota: int = 40
    copy_pending_looks: int = 2
    throttle: Throttle | None = None
    journal: list[Call] = field(default_factory=list)
    history: list[list[Image]] = field(default_factory=list)  # the images before each write, oldest first
    looks: Counter[str] = field(default_factory=Counter)  # image id -> DescribeWorkspaceImages that listed it
    pages: dict[str, str] = field(default_factory=dict)  # NextToken -> last id of the page before
    lock: threading.RLock = field(default_factory=threading.RLock)

    def image(self, image_id: str) -> Image:
        """The image as it is now. KeyError if there is none."""
        for image in self.images:
            if image.image_id == image_id:
                return image
        raise KeyError(image_id)

    def calls(self, operation: str) -> list[Call]:
        """The journal's calls of one operation."""
        return [call for call in self.journal if call.operation == operation]

    def fault_for(self, operation: str, parameters: Any) -> Fault | None:
        """The fault that the call coming next meets, if any."""
        account_id = parameters.get("SharedAccountId") if isinstance(parameters, dict) else None
        for fault in self.faults:
            if fault.operation != operation or fault.account_id not in (None, account_id):
                continue
            before = sum(
                fault.account_id is None or call.parameters.get("SharedAccountId") == account_id
                for call in self.calls(operation)
            )
            if before + 1 >= fault.call and (fault.times is None or before + 1 < fault.call + fault.times):
                return fault
        return None

    def load(self, data: Mapping[str, Any]) -> None:
        """Start anew with what `as_json` gave; what is left out is empty, its journal is ignored.

        Raises TypeError for a name that is not known.
        """
        given = {name: value for name, value in data.items() if name != "journal"}
        given["images"] = [Image(**image) for image in given.get("images", [])]
        given["faults"] = [Fault(**fault) for fault in given.get("faults", [])]
        given["unknown_account_ids"] = set(given.get("unknown_account_ids", ()))
        given["throttle"] = Throttle(**given["throttle"]) if given.get("throttle") else None
        fresh = vars(State(**given))
        with self.lock:
            vars(self).update({name: value for name, value in fresh.items() if name != "lock"})

    def as_json(self) -> dict[str, Any]:
        """The state and the journal as JSON types, sets as sorted lists."""
        throttle = self.throttle and {"rate": self.throttle.rate, "burst": self.throttle.burst}
        plain = {name: getattr(self, name) for name in ("access_keys", "session_tokens", "image_quota")}
        return {
            **plain,
            "copy_pending_looks": self.copy_pending_looks,
            "unknown_account_ids": sorted(self.unknown_account_ids),
            "images": [_plain(image) for image in self.images],
            "faults": [_plain(fault) for fault in self.faults],
            "throttle": throttle,
            "journal": [_plain(call) for call in self.journal],
        }


def _plain(record: Image | Fault | Call) -> dict[str, Any]:
    return {name: sorted(v) if isinstance(v, frozenset) else v for name, v in asdict(record).items()}
