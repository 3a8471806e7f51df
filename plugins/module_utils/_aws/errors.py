# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an error of AWS's, of botocore's or of anything else in a call means: whether it tells the truth, what to do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

try:
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as BotocoreConnectionError
except ImportError:  # Handled by AnsibleAWSModule.
    HTTPClientError = Exception

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .making import TAKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, ClassVar

_RENEW = "The credentials have expired: renew them."
_WRONG_CREDENTIALS = "AWS does not know these credentials: check the access key, the secret key and the session token."
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
_WRONG_SIGNATURE = (
    "Check the secret key, and the clock of the machine where the task runs: AWS refuses what was not signed just now."
)
_NO_CREDENTIALS = "Give credentials: profile, access_key and secret_key, or the environment variables of AWS."
_NO_REGION = "Give a Region: region, the environment variables AWS_REGION or AWS_DEFAULT_REGION, or the profile."
_CREDENTIAL_SOURCE = "Check what the credentials come from: the profile, its credential_process or its sign-in."
_NO_ANSWER = "Check the Region's name, the endpoint_url if one is set, and the network or proxy between here and AWS."
_NOT_FROM_AWS = (
    "A proxy or a sign-in page between here and AWS answers in its place, or endpoint_url leads elsewhere: open that"
    " way, and run this again."
)
_AWS_FAULT = "This is a fault on the side of AWS, and retries did not help: try again later."
_NOT_OF_THE_SDK = (
    "This is neither an answer of AWS nor an error of its SDK. Mostly the profile's credential_process, a proxy between"
    " here and AWS, or a value in aws_config is behind it."
)


_TRUST = (
    "Check the three usual reasons: the role's trust policy does not let this caller in, assume_role_external_id is not"
    " the one that the trust policy asks for or is missing, or the caller's own policy does not allow sts:AssumeRole on"
    " this role."
)
_THROTTLED_STS = "Other callers use the same limit, which AWS STS sets for an account and Region."
_RENEW_SOURCE = "The credentials to assume the role with have expired: renew them."
_NO_SOURCE = (
    "Give credentials to assume the role with: profile, access_key and secret_key, or the environment variables of AWS."
)
_NO_ANSWER_OF_STS = (
    "Check the Region's name, AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL if one is set, and the network or proxy between"
    " here and AWS STS."
)
_NOT_FROM_STS = (
    "A proxy or a sign-in page between here and AWS STS answers in its place, or AWS_ENDPOINT_URL_STS or"
    " AWS_ENDPOINT_URL leads elsewhere: open that way, and run this again."
)

# The codes of https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html that WorkSpaces, STS and
# Organizations answer.
_THROTTLING = (
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestThrottled",
)

# What calls.py adds to botocore's ResponseMetadata: attempts that AWS did not answer, or with a fault of its own.
UNCLEAR_ATTEMPTS = "UnclearAttempts"


class AnsibleEUCError(AnsibleAWSError):
    """Something that ends a task, told so that a person can act on it.

    ``message`` is the whole text: what was being done, what AWS answered, what to do now. ``response`` is AWS's answer
    as botocore parsed it, from which ``fail_json_aws`` takes the error code and the request ID; None where there
    was none. ``kwargs`` is what the failing result carries besides.
    """

    # By AWS's error code, or by the name of the exception where AWS gave no answer. A wing adds its own.
    ADVICE: ClassVar[Mapping[str, str]] = {
        "ValidationException": "Check the values that AWS names.",
        "ThrottlingException": "Other callers use the same limit, about 2 calls a second in an account and Region.",
        "ExpiredTokenException": _RENEW,
        "ExpiredToken": _RENEW,
        "UnrecognizedClientException": _WRONG_CREDENTIALS,
        "InvalidClientTokenId": _WRONG_CREDENTIALS,
        "InvalidSignatureException": _WRONG_SIGNATURE,
        "SignatureDoesNotMatch": _WRONG_SIGNATURE,
        "IncompleteSignatureException": _WRONG_CREDENTIALS,
        "NoCredentialsError": _NO_CREDENTIALS,
        "PartialCredentialsError": _NO_CREDENTIALS,
        "NoRegionError": _NO_REGION,
        "CredentialRetrievalError": _CREDENTIAL_SOURCE,
        "NotFromAWSError": _NOT_FROM_AWS,
        "UnreadableAnswerError": _NOT_FROM_AWS,
    }
    NO_ANSWER: ClassVar[str] = _NO_ANSWER

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
            self.message = f"{message}: {self._told}. {self.advice}".rstrip()

    def __str__(self) -> str:
        return self.message

    @property
    def code(self) -> str:
        """AWS's error code, the name of the exception where AWS gave no answer, or empty for neither."""
        if self.response:
            return self._said("Code") or "no error code"
        return type(self.exception).__name__ if self.exception else ""

    @property
    def answer(self) -> str:
        """What AWS said, or what the exception says where AWS gave no answer."""
        if self.response:
            return self._said("Message") or "no message"
        return str(self.exception)

    @property
    def advice(self) -> str:
        """What the user can do now; empty where nothing is known."""
        if self.code in self.ADVICE:
            return self.ADVICE[self.code]
        if not self._is_of_the_sdk:
            return _NOT_OF_THE_SDK
        if self.got_no_answer:
            return self.NO_ANSWER
        return _AWS_FAULT if self._status >= 500 else ""

    @property
    def got_no_answer(self) -> bool:
        """Whether the call may have reached AWS, and nothing that AWS answered came back."""
        return isinstance(self.exception, (BotocoreConnectionError, HTTPClientError)) or not self._is_of_the_sdk

    @property
    def is_throttled(self) -> bool:
        """Whether AWS did not heed the call because there were too many."""
        return self.code in _THROTTLING

    @property
    def may_take_effect(self) -> bool:
        """Whether the change may take effect later, although it did not hold when AWS was asked again.

        AWS gave no answer to it, or a fault of its own, at the last attempt or one before.
        """
        return self.got_no_answer or self._status >= 500 or self._metadata.get(UNCLEAR_ATTEMPTS, 0) > 0

    @property
    def leaves_open(self) -> bool:
        """Whether the change may hold all the same, so that only what AWS answers to a new question can tell.

        AWS may have applied it: there was no answer, a fault of its own, or a fault of that kind which a retry of
        botocore's hides behind the last answer.
        """
        return self.may_take_effect or self._was_retried

    def _said(self, part: str) -> str:
        # AWS may leave out the text of an error, and botocore then has null or an empty one.
        return str((self.response or {}).get("Error", {}).get(part) or "")

    @property
    def _told(self) -> str:
        told = str(self.exception).rstrip(".")
        # The words of Python's own exceptions say little without their kind.
        return told if self._is_of_the_sdk else f"{self.code}: {told}"

    @property
    def _is_of_the_sdk(self) -> bool:
        return self.exception is None or isinstance(self.exception, (ClientError, BotoCoreError))

    @property
    def _status(self) -> int:
        return self._metadata.get("HTTPStatusCode", 0)

    @property
    def _was_retried(self) -> bool:
        # Where unclear attempts were counted, the others were throttled, which AWS surely did not heed.
        return UNCLEAR_ATTEMPTS not in self._metadata and self._metadata.get("RetryAttempts", 0) > 0

    @property
    def _metadata(self) -> Mapping[str, Any]:
        return (self.response or {}).get("ResponseMetadata", {})


class AnsibleRoleError(AnsibleEUCError):
    """A role that could not be assumed, at whichever call its credentials were needed or had to be renewed."""

    ADVICE: ClassVar[Mapping[str, str]] = {
        **AnsibleEUCError.ADVICE,
        "AccessDenied": _TRUST,
        "ExpiredToken": _RENEW_SOURCE,
        "ExpiredTokenException": _RENEW_SOURCE,
        "NoCredentialsError": _NO_SOURCE,
        "PartialCredentialsError": _NO_SOURCE,
        "RegionDisabledException": "STS is not active in this Region for the caller's account: activate it in IAM.",
        "ThrottlingException": _THROTTLED_STS,
        "Throttling": _THROTTLED_STS,
        "ValidationError": "Check assume_role_arn and assume_role_external_id.",
        "NotFromAWSError": _NOT_FROM_STS,
        "UnreadableAnswerError": _NOT_FROM_STS,
    }
    NO_ANSWER: ClassVar[str] = _NO_ANSWER_OF_STS

    def __init__(self, role_arn: str, caller: str | None, exception: Exception) -> None:
        """Tell which role, and who asked: the caller's ARN, or None where it is not known."""
        self._failure = f"The role {role_arn} could not be assumed" + (f" by {caller}" if caller else "")
        super().__init__(self._failure, exception)

    @property
    def answer(self) -> str:
        """As everywhere, with the role in front: this may be read beside what was to be changed."""
        return f"{self._failure}: {super().answer}"

    @property
    def leaves_open(self) -> bool:
        """Always: the role may have been renewed for another attempt at a change that got no clear answer before."""
        return True


class NotFromAWSError(HTTPClientError):
    """An answer without AWS's request ID: a proxy's page, for example. It says nothing about what AWS did."""

    fmt = (
        "What answered is not AWS, for the answer bears no request ID of AWS's (HTTP status {status}, content type"
        " {content_type})"
    )


class UnreadableAnswerError(NotFromAWSError):
    """An answer that botocore's parser can't read: a page of a proxy's where XML is expected, for example."""

    fmt = "What answered is not AWS, for the answer can't be read"


def may_be_there(error: AnsibleEUCError) -> bool:
    """Tell whether there may be what was to be made, after this error of the call that makes it."""
    # Without the role's credentials nothing was sent.
    return not isinstance(error, AnsibleRoleError) and (error.code == TAKEN or error.may_take_effect)


@contextmanager
def told_on_failure(**known: Any) -> Iterator[None]:
    """Let the result of a failure have what is known, where it does not tell that itself."""
    try:
        yield
    except AnsibleEUCError as error:
        error.kwargs.update({**known, **error.kwargs})
        raise


def refuse(*problems: str | None) -> None:
    """End a task whose parameters can't be right.

    :param problems: A sentence for each check that found something; None for each that did not.
    :raises AnsibleEUCError: With all the sentences, if there is one.
    """
    found = [problem for problem in problems if problem]
    if found:
        raise AnsibleEUCError(" ".join([*found, "Nothing was asked of AWS, and nothing was changed."]))
