# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calling AWS: whole answers only, every page read, errors typed, and patience with throttling."""

from __future__ import annotations

import json
from random import uniform
from typing import TYPE_CHECKING

try:
    from botocore import xform_name
    from botocore.paginate import Paginator
    from botocore.retries.standard import RetryEventAdapter, ThrottlingErrorDetector, register_retry_handler
except ImportError:
    pass  # Handled by AnsibleAWSModule.

from .errors import UNCLEAR_ATTEMPTS, AnsibleEUCError, NotFromAWSError, UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")

# A throttled call is a matter of patience. botocore gives it up after its attempts, and every call after some hundred
# retries (RetryQuota in its retries/quota.py), and pauses up to 20 seconds. But bursts are possible again after 2.5
# seconds, so a longer pause wastes what is left for this caller. docs/benchmark.md has both measured.
_THROTTLED_ATTEMPTS = 300
_LONGEST_PAUSE = 2.5  # seconds
_REQUEST_ID = "x-amzn-RequestId"


def call(client: Any, action: str, function: Callable[[], T], error: type[AnsibleEUCError] = AnsibleEUCError) -> T:
    """Make a call to AWS, or several that are one thing to the user.

    :param action: What is being done, for the message: "Failed to ACTION in REGION: ...".
    :param error: The class to raise.
    :returns: What ``function`` returns.
    :raises AnsibleEUCError: Whatever is raised in the call. Between here and AWS there are credential processes,
        proxies and parsers, and what they raise is not always botocore's.
    """
    try:
        return function()
    except AnsibleEUCError:
        raise
    except Exception as caught:
        raise error(f"Failed to {action}{_place(client)}", caught) from caught


def _place(client: Any) -> str:
    # A service with one endpoint for a partition has that for a Region: "aws-global", which nobody chose.
    region = client.meta.region_name
    return "" if region is None or region.endswith("-global") else f" in {region}"


def paginator_of(client: Any, operation: str, result_key: str) -> Any:
    """Make a paginator for an operation that takes and answers a ``NextToken``.

    botocore has none for some operations. And for the others its ``get_paginator`` looks for the models of all services
    first, which takes longer than a call.
    """
    return Paginator(
        getattr(client, xform_name(operation)),
        {
            "input_token": "NextToken",
            "output_token": "NextToken",
            "limit_key": "MaxResults",
            "result_key": result_key,
        },
        client.meta.service_model.operation_model(operation),
    )


def every_page(paginator: Any, result_key: str, **parameters: Any) -> list[Any]:
    """Read the items of every page. A page without a list counts as empty: not all operations always have one."""
    return [item for page in paginator.paginate(**parameters) for item in page.get(result_key, [])]


def every_full_page(paginator: Any, result_key: str, **parameters: Any) -> list[Any]:
    """Read the items of every page, of an operation whose answers always have the list, empty or not.

    :raises KeyError: If one has not, for then it is no answer of that operation's.
    """
    return [item for page in paginator.paginate(**parameters) for item in page[result_key]]


def accept_only_aws(client: Any) -> None:
    """Let a client take for an answer only what bears AWS's request ID, and can be read.

    botocore's JSON parser makes an empty answer of a proxy's login page, and raises nothing. AWS sends the header with
    everything, errors included: https://docs.aws.amazon.com/workspaces/latest/api/CommonErrors.html does not say so,
    but every recorded answer does, and moto's too.
    """
    client.meta.events.register("after-call", _raise_if_not_from_aws)


def _raise_if_not_from_aws(http_response: Any, model: Any, **kwargs: Any) -> None:
    if not _is_from_aws(http_response):
        raise NotFromAWSError(
            status=http_response.status_code, content_type=http_response.headers.get("Content-Type") or "unknown"
        )
    if http_response.status_code < 300 and not _is_readable(http_response.content, model):
        raise UnreadableAnswerError


def _is_readable(body: bytes, operation: Any) -> bool:
    """Tell whether a body has what botocore makes of it, which is nothing where the JSON is cut off or is none."""
    service = operation.service_model
    # botocore 1.34 knows one protocol a service. The parsers of all others raise for what they can't read.
    if getattr(service, "resolved_protocol", service.protocol) != "json":
        return True
    if not body:
        return not (operation.output_shape and operation.output_shape.members)
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def be_patient(client: Any, attempts: int, throttled_attempts: int = _THROTTLED_ATTEMPTS) -> None:
    """Make throttled calls of a client again up to 300 times, beside botocore's attempts for all else.

    botocore counts both together, for a call and, in its retry quota, for the client's life, so that a throttled run
    has no attempt left for anything else.

    :param client: A client, in whichever of botocore's retry modes.
    :param attempts: How often a call is made that meets other errors that may pass. With 1, for calls that must not
        take effect twice, a call is made again only where AWS surely did not heed it.
    :param throttled_attempts: How often a call is made that AWS throttles.
    """
    # https://github.com/boto/botocore/blob/develop/botocore/retries/standard.py: a handler of needs-retry has this ID.
    name = client.meta.service_model.service_id.hyphenize()
    event, unique_id = f"needs-retry.{name}", f"retry-config-{name}"
    client.meta.events.unregister(event, unique_id=unique_id)
    others = register_retry_handler(client, max_attempts=attempts)
    client.meta.events.unregister(event, unique_id=unique_id)
    patience = _Patience(others, throttled_attempts, 500 if attempts == 1 else 600)
    client.meta.events.register(event, patience.needs_retry, unique_id=unique_id)
    client.meta.events.register("after-call", _tell_unclear_attempts)


def _tell_unclear_attempts(parsed: dict[str, Any], context: dict[str, Any], **kwargs: Any) -> None:
    # botocore's RetryAttempts counts throttled attempts too, which AWS surely did not heed.
    parsed.setdefault("ResponseMetadata", {})[UNCLEAR_ATTEMPTS] = context.get("euc_aws_unclear", 0)


class _Patience:
    def __init__(self, others: Any, attempts: int, below: int) -> None:
        """Keep ``others``, botocore's handler, for what is not throttling.

        :param attempts: How often a throttled call is made.
        :param below: Under which HTTP status an answer that tells of throttling says that nothing was done.
        """
        self._others = others
        self._attempts = attempts
        self._below = below
        self._throttling = ThrottlingErrorDetector(RetryEventAdapter())

    def needs_retry(self, attempts: int, request_dict: dict[str, Any], **kwargs: Any) -> float | None:
        """Answer botocore's event of that name.

        :param attempts: How often the call was made already, for whatever reason.
        :returns: The seconds to wait before the next attempt; None to make no other.
        """
        context = request_dict["context"]
        throttled = context.get("euc_aws_throttled", 0)
        event = {"request_dict": request_dict, **kwargs}
        if kwargs["response"] is None or kwargs["response"][0].status_code >= 500:
            context["euc_aws_unclear"] = context.get("euc_aws_unclear", 0) + 1
        if self._throttling.is_throttling_error(attempts=attempts, **event) and self._is_clear(kwargs["response"][0]):
            context["euc_aws_throttled"] = throttled + 1
            return uniform(0, _LONGEST_PAUSE) if throttled + 1 < self._attempts else None
        return self._others.needs_retry(attempts=attempts - throttled, **event)

    def _is_clear(self, http_response: Any) -> bool:
        return _is_from_aws(http_response) and http_response.status_code < self._below


def _is_from_aws(http_response: Any) -> bool:
    return bool(http_response.headers.get(_REQUEST_ID))
