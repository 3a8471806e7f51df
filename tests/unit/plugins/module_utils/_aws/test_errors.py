# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from botocore import exceptions

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError, NotFromAWSError, refuse
from ansible_collections.euc.aws.plugins.module_utils._images.errors import AnsibleImagesError


def client_error(code, status=400, retries=0):
    return exceptions.ClientError(
        {
            "Error": {"Code": code, "Message": "What AWS says."},
            "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": retries},
        },
        "UpdateWorkspaceImagePermission",
    )


TIMEOUT = exceptions.ReadTimeoutError(endpoint_url="https://workspaces.eu-west-1.amazonaws.com/")
NO_SECRET_KEY = exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY")
NO_PROCESS = exceptions.CredentialRetrievalError(provider="custom-process", error_msg="Log in")
LOGIN_PAGE = NotFromAWSError(status=200, content_type="text/html")
UNREACHABLE = exceptions.EndpointConnectionError(endpoint_url="https://workspaces.nowhere.amazonaws.com/")


@pytest.mark.parametrize(
    ("exception", "code", "refuses_one_account", "leaves_open", "advice"),
    [
        # What the model declares for UpdateWorkspaceImagePermission
        (client_error("InvalidParameterValuesException"), "InvalidParameterValuesException", True, True, "Check the"),
        (client_error("OperationNotSupportedException"), "OperationNotSupportedException", True, True, "A bring-your"),
        (client_error("ResourceNotFoundException"), "ResourceNotFoundException", False, False, "Check the image ID"),
        (client_error("ResourceUnavailableException"), "ResourceUnavailableException", False, False, "Look at the"),
        (client_error("AccessDeniedException"), "AccessDeniedException", False, False, "Allow the caller"),
        # What every AWS service answers
        (client_error("ValidationException"), "ValidationException", True, True, "Check the values"),
        (client_error("ExpiredTokenException"), "ExpiredTokenException", False, False, "The credentials have expired"),
        (client_error("UnrecognizedClientException"), "UnrecognizedClientException", False, False, "AWS does not know"),
        (client_error("InvalidSignatureException"), "InvalidSignatureException", False, False, "Check the secret key"),
        (client_error("ExpiredToken"), "ExpiredToken", False, False, "The credentials have expired"),
        (client_error("InvalidClientTokenId"), "InvalidClientTokenId", False, False, "AWS does not know"),
        (client_error("IncompleteSignatureException"), "IncompleteSignatureException", False, False, "AWS does not"),
        (client_error("ThrottlingException"), "ThrottlingException", False, False, "Other callers use"),
        (client_error("ThrottlingException", retries=9), "ThrottlingException", False, True, "Other callers use"),
        (client_error("InternalServerException", 500), "InternalServerException", False, True, "This is a fault on"),
        (client_error("ServiceUnavailable", 503), "ServiceUnavailable", False, True, "This is a fault on"),
        (client_error("SomethingNew", 499), "SomethingNew", False, False, ""),
        # What botocore says without an answer from AWS
        (TIMEOUT, "ReadTimeoutError", False, True, "Check the Region's name"),
        (UNREACHABLE, "EndpointConnectionError", False, True, "Check the Region's name"),
        (exceptions.NoCredentialsError(), "NoCredentialsError", False, False, "Give credentials"),
        (NO_SECRET_KEY, "PartialCredentialsError", False, False, "Give credentials"),
        (NO_PROCESS, "CredentialRetrievalError", False, False, "Check what the credentials come from"),
        # What is neither
        (LOGIN_PAGE, "NotFromAWSError", False, True, "A proxy or a sign-in page"),
        (ValueError("Expecting value"), "ValueError", False, True, "This is neither an answer of AWS nor"),
    ],
)  # fmt: skip
def test_what_an_error_means(exception, code, refuses_one_account, leaves_open, advice):
    error = AnsibleImagesError("Failed to do it", exception)
    assert error.code == code
    assert error.refuses_one_account is refuses_one_account
    assert error.leaves_open is leaves_open
    assert error.advice.startswith(advice)
    assert bool(error.advice) == bool(advice)
    assert error.answer == ("What AWS says." if error.response else str(exception))


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        (TIMEOUT, True),
        (LOGIN_PAGE, True),
        (ValueError("Expecting value"), True),
        (client_error("InternalServerException", 500), True),
        (client_error("SomethingNew", 499), False),
        (client_error("ThrottlingException", retries=9), False),
        (client_error("ValidationException"), False),
        (NO_PROCESS, False),
    ],
)
def test_what_may_take_effect_although_it_did_not_hold_when_read_again(exception, expected):
    assert AnsibleImagesError("Failed to do it", exception).may_take_effect is expected


def test_an_error_without_advice_ends_at_its_full_stop():
    assert str(AnsibleImagesError("Failed to do it", client_error("SomethingNew"))) == (
        "Failed to do it: An error occurred (SomethingNew) when calling the UpdateWorkspaceImagePermission operation:"
        " What AWS says."
    )


def test_the_words_of_pythons_own_exceptions_come_with_their_kind():
    assert str(AnsibleEUCError("Failed to do it", KeyError("AccessKeyId"))).startswith(
        "Failed to do it: KeyError: 'AccessKeyId'. This is neither an answer of AWS nor an error of its SDK."
    )


@pytest.mark.parametrize("retries", [0, 1])
def test_only_a_wing_takes_a_refused_value_for_a_change_that_may_hold(retries):
    refusal = client_error("ValidationException", retries=retries)
    assert AnsibleEUCError("Failed to do it", refusal).leaves_open is bool(retries)


def test_a_sentence_of_our_own_stands_alone():
    error = AnsibleEUCError("No.", changed=True)
    assert str(error) == "No."
    assert error.kwargs == {"changed": True}
    assert error.response is None
    assert error.code == ""


def test_an_answer_without_an_error_is_told_as_such():
    error = AnsibleEUCError("Failed to do it", exceptions.ClientError({"ResponseMetadata": {}}, "Anything"))
    assert (error.code, error.answer) == ("no error code", "no message")
    assert not error.leaves_open


def test_everything_that_is_wrong_is_in_one_message():
    with pytest.raises(AnsibleEUCError, match=r"^One\. Two\. Nothing was asked of AWS, and nothing was changed\.$"):
        refuse("One.", None, "Two.")
