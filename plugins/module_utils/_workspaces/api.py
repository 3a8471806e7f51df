# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls to AWS: one function an operation, every page read, errors typed. Nothing is decided here.

Every function raises ``AnsibleWorkspacesError`` for what AWS refuses and for what never reaches it. Operations and
their limits are those of botocore's data/workspaces/2015-04-08/service-2.json.
"""

from __future__ import annotations

from datetime import timezone
from random import uniform
from typing import TYPE_CHECKING

try:
    from botocore.exceptions import ClientError, HTTPClientError, WaiterError
    from botocore.paginate import Paginator
    from botocore.parsers import ResponseParserError
    from botocore.waiter import WaiterModel, create_waiter_with_client
except ImportError:
    pass  # Handled by AnsibleAWSModule.

from .errors import WorkspacesErrorHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .images import Image

# AWS allows 2 calls a second with bursts of 5, for all callers in an account and Region together
# (https://docs.aws.amazon.com/workspaces/latest/adminguide/share-custom-image.html). botocore's "adaptive" mode
# paces itself by the refusals that it meets, with half a call a second at least.
_CONFIG = {"retries": {"mode": "adaptive", "total_max_attempts": 10}}
# A throttled call is a matter of patience. botocore gives it up after 10 attempts, and every call after some hundred
# retries (RetryQuota in its retries/quota.py), and pauses up to 20 seconds. But bursts are possible again after 2.5
# seconds, so a longer pause wastes what is left for this caller. docs/benchmark.md has both measured. Other errors keep
# botocore's 10 attempts: with more it would take half an hour to tell that there is no network.
_THROTTLED_ATTEMPTS = 300
_LONGEST_PAUSE = 2.5  # seconds

# The most that DescribeWorkspaceImagePermissions and DescribeWorkspaceImages answer on one page, and the most IDs
# that the latter takes.
_PAGE_SIZE = 25
_PAGES = {"PageSize": _PAGE_SIZE}


def workspaces_client(module: Any) -> Any:
    """Make the client for all calls of a module.

    :param module: The AnsibleAWSModule. A ``retries`` entry in its ``aws_config`` replaces what is set here.
    :returns: A botocore client for WorkSpaces. Where none can be made, amazon.aws ends the task by itself.
    """
    client = module.client("workspaces", config=_CONFIG)
    if "retries" not in (module.params["aws_config"] or {}):
        client.meta.events.register_first("needs-retry.workspaces", _pause_if_throttled)
    return client


def describe_image_permissions(client: Any, image_id: str) -> frozenset[str]:
    """Read the accounts that an image is shared with, from every page."""
    # botocore has no paginator of its own for this operation.
    paginator = Paginator(
        client.describe_workspace_image_permissions,
        {
            "input_token": "NextToken",
            "output_token": "NextToken",
            "limit_key": "MaxResults",
            "result_key": "ImagePermissions",
        },
        client.meta.service_model.operation_model("DescribeWorkspaceImagePermissions"),
    )
    permissions = _call(
        client,
        f"read the permissions of image {image_id}",
        lambda: _every_page(paginator, "ImagePermissions", ImageId=image_id, PaginationConfig=_PAGES),
    )
    return frozenset(permission["SharedAccountId"] for permission in permissions)


def describe_images(client: Any, image_type: str, image_ids: Sequence[str] | None = None) -> list[Image]:
    """Read images, from every page.

    :param image_type: ``OWNED`` by the caller, or ``SHARED`` with the caller.
    :param image_ids: Only these images, however many; None for all. AWS leaves out what it does not find.
    """
    paginator = client.get_paginator("describe_workspace_images")
    if image_ids is None:
        queries: list[dict[str, Any]] = [{"PaginationConfig": _PAGES}]
    else:
        # A page size beside IDs is refused by some AWS operations, and needs none: AWS takes a page of IDs a call.
        queries = [
            {"ImageIds": image_ids[start : start + _PAGE_SIZE]} for start in range(0, len(image_ids), _PAGE_SIZE)
        ]
    which = f"image {image_ids[0]}" if image_ids and len(image_ids) == 1 else "the images"
    return _call(
        client,
        f"look up {which} ({image_type})",
        lambda: [
            _in_utc(image)
            for query in queries
            for image in _every_page(paginator, "Images", ImageType=image_type, **query)
        ],
    )


def update_image_permission(client: Any, image_id: str, account_id: str, allow_copy: bool) -> None:
    """Let one account copy the image, or no longer let it."""
    action = "share image {0} with" if allow_copy else "stop sharing image {0} with"
    _call(
        client,
        f"{action.format(image_id)} account {account_id}",
        lambda: client.update_workspace_image_permission(
            ImageId=image_id, AllowCopyImage=allow_copy, SharedAccountId=account_id
        ),
    )


def wait_while_pending(client: Any, image_id: str, timeout: int) -> None:
    """Wait until an image that the caller owns is no longer PENDING, whatever it is then.

    :param timeout: The longest time to wait, in seconds. AWS is asked every 15 seconds, more often where the
        time is short.
    """
    delay = min(15, max(1, timeout // 60))
    # The service has no waiters of its own in botocore.
    waiter = create_waiter_with_client(
        "ImageNotPending",
        WaiterModel(
            {
                "version": 2,
                "waiters": {
                    "ImageNotPending": {
                        "operation": "DescribeWorkspaceImages",
                        "delay": delay,
                        "maxAttempts": timeout // delay + 1,
                        "acceptors": [
                            {
                                "state": "success",
                                "matcher": "path",
                                "argument": "length(Images[?State=='PENDING']) == `0`",
                                "expected": True,
                            }
                        ],
                    }
                },
            }
        ),
        client,
    )
    _call(
        client,
        f"wait for image {image_id} to be AVAILABLE",
        lambda: _wait(waiter, ImageIds=[image_id], ImageType="OWNED"),
    )


def _pause_if_throttled(response: tuple[Any, dict[str, Any]] | None, attempts: int, **kwargs: Any) -> float | None:
    """Answer botocore's event ``needs-retry``, which asks every handler, and heeds the first answer that is not None.

    :param response: What AWS answered, raw and parsed; None for nothing.
    :param attempts: How often the call was made already.
    :returns: The seconds to wait before the next attempt; None to leave it to botocore.
    """
    throttled = response is not None and response[1].get("Error", {}).get("Code") == "ThrottlingException"
    return uniform(0, _LONGEST_PAUSE) if throttled and attempts < _THROTTLED_ATTEMPTS else None


def _wait(waiter: Any, **filters: Any) -> None:
    try:
        waiter.wait(**filters)
    except WaiterError as error:
        # A waiter hides what AWS refused behind its own error, which amazon.aws tells as a timeout.
        if "Error" in error.last_response:
            raise ClientError(error.last_response, "DescribeWorkspaceImages") from error
        raise


def _in_utc(image: Image) -> Image:
    # botocore tells times in the zone of the machine that it runs on.
    return {**image, "Created": image["Created"].astimezone(timezone.utc)} if "Created" in image else image


def _every_page(paginator: Any, result_key: str, **parameters: Any) -> list[Any]:
    return [item for page in paginator.paginate(**parameters) for item in page.get(result_key, [])]


def _call(client: Any, action: str, call: Callable[[], Any]) -> Any:
    @WorkspacesErrorHandler.common_error_handler(f"{action} in {client.meta.region_name}")
    def answered() -> Any:
        try:
            return call()
        except ResponseParserError as error:
            # Something between here and AWS answered, a proxy mostly. botocore does not count it among its errors.
            raise HTTPClientError(error=error) from error

    return answered()
