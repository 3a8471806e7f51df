# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an error that AWS or botocore answers means: whether to go on, whether it tells the truth, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

try:
    from botocore.exceptions import ConnectionError as BotocoreConnectionError
    from botocore.exceptions import HTTPClientError
except ImportError:
    pass  # Handled by AnsibleAWSModule.

from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Refusals of one account. Everything else is about the caller, the image or the service, and would meet the next
# account too. The first and last are declared for UpdateWorkspaceImagePermission in botocore's
# data/workspaces/2015-04-08/service-2.json; ValidationException is what AWS services answer to a value against a
# pattern. OperationNotSupportedException is one of them because a bring-your-own-licence image may be shared with
# some accounts and not with others:
# https://docs.aws.amazon.com/workspaces/latest/adminguide/share-custom-image.html
_REFUSES_ONE_ACCOUNT = (
    "InvalidParameterValuesException",
    "ValidationException",
    "OperationNotSupportedException",
)

_RENEW = "The credentials have expired: renew them."
_WRONG_CREDENTIALS = "AWS does not know these credentials: check the access key, the secret key and the session token."
_NO_CREDENTIALS = "Give credentials: profile, access_key and secret_key, or the environment variables of AWS."
_NO_ANSWER = "Check the Region's name, the endpoint_url if one is set, and the network or proxy between here and AWS."
_AWS_FAULT = "This is a fault on the side of AWS, and retries did not help: try again later."

# By AWS's error code, or by the name of botocore's exception where AWS gave no answer.
_ADVICE = {
    "AccessDeniedException": (
        "Allow the caller the workspaces actions that the IAM policy in the README of euc.aws lists, on this image;"
        " only its owner can have them."
    ),
    "ResourceNotFoundException": "Check the image ID, the Region and the account of the credentials.",
    "ResourceUnavailableException": "Look at the image's state: it has to be AVAILABLE. wait=true waits for that.",
    "InvalidParameterValuesException": "Check the account IDs with the people who own the accounts.",
    "ValidationException": "Check the values that AWS names.",
    "OperationNotSupportedException": (
        "A bring-your-own-licence image can be shared only with accounts of the same organization that are enabled"
        " for it, and not in GovCloud."
    ),
    "ThrottlingException": "Other callers use the same limit, about 2 calls a second in an account and Region.",
    "ExpiredTokenException": _RENEW,
    "ExpiredToken": _RENEW,
    "UnrecognizedClientException": _WRONG_CREDENTIALS,
    "InvalidClientTokenId": _WRONG_CREDENTIALS,
    "InvalidSignatureException": _WRONG_CREDENTIALS,
    "IncompleteSignatureException": _WRONG_CREDENTIALS,
    "NoCredentialsError": _NO_CREDENTIALS,
    "PartialCredentialsError": _NO_CREDENTIALS,
    "WaiterError": "The image did not get ready in time: raise wait_timeout, or run this again later.",
}


class AnsibleWorkspacesError(AnsibleAWSError):
    """Something that ends a task, told so that a person can act on it.

    ``message`` is the whole text: what was being done, what AWS answered, what to do now. ``response`` is AWS's answer
    as botocore parsed it, from which ``fail_json_aws`` takes the error code and the request ID; None where there
    was none. ``kwargs`` is what the failing result carries besides.
    """

    def __init__(
        self,
        message: str,
        exception: Exception | None = None,
        response: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(message, exception, **kwargs)
        self.response = response or getattr(exception, "response", None)
        if exception:
            answer = str(exception).rstrip(".")
            self.message = f"{message}: {answer}. {self.advice}".rstrip()

    def __str__(self) -> str:
        return self.message

    @property
    def code(self) -> str:
        """AWS's error code, the name of botocore's exception where AWS gave no answer, or empty for neither."""
        if self.response:
            return self.response.get("Error", {}).get("Code", "no error code")
        return type(self.exception).__name__ if self.exception else ""

    @property
    def answer(self) -> str:
        """What AWS said, or what botocore says where AWS gave no answer."""
        if self.response:
            return self.response.get("Error", {}).get("Message", "no message")
        return str(self.exception)

    @property
    def advice(self) -> str:
        """What the user can do now; empty where nothing is known."""
        if self.code in _ADVICE:
            return _ADVICE[self.code]
        if self._got_no_answer:
            return _NO_ANSWER
        return _AWS_FAULT if self._status >= 500 else ""

    @property
    def refuses_one_account(self) -> bool:
        """Whether the next account may still succeed."""
        return self.code in _REFUSES_ONE_ACCOUNT

    @property
    def leaves_open(self) -> bool:
        """Whether the change may hold all the same, so that only the current permissions can tell.

        Either AWS may have applied it (no answer, a fault of its own, or a fault of that kind which a retry of
        botocore's hides behind the last answer), or AWS refused it as invalid because it held already.
        """
        return self._got_no_answer or self._status >= 500 or self._was_retried or self.refuses_one_account

    @property
    def _got_no_answer(self) -> bool:
        return isinstance(self.exception, (BotocoreConnectionError, HTTPClientError))

    @property
    def _status(self) -> int:
        return self._metadata.get("HTTPStatusCode", 0)

    @property
    def _was_retried(self) -> bool:
        return self._metadata.get("RetryAttempts", 0) > 0

    @property
    def _metadata(self) -> Mapping[str, Any]:
        return (self.response or {}).get("ResponseMetadata", {})


class WorkspacesErrorHandler(AWSErrorHandler):
    """amazon.aws's handler, raising ``AnsibleWorkspacesError``."""

    _CUSTOM_EXCEPTION = AnsibleWorkspacesError


def refuse(*problems: str | None) -> None:
    """End a task whose parameters can't be right.

    :param problems: A sentence for each check that found something; None for each that did not.
    :raises AnsibleWorkspacesError: With all the sentences, if there is one.
    """
    found = [problem for problem in problems if problem]
    if found:
        raise AnsibleWorkspacesError(" ".join([*found, "Nothing was asked of AWS, and nothing was changed."]))
