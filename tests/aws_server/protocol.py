# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS's wire protocols and request validation, driven by botocore's service models.

WorkSpaces is spoken to in JSON 1.1, STS in the query protocol. The WorkSpaces model of newer botocore names
smithy-rpc-v2-cbor too, but botocore prefers JSON where a service has both (PRIORITY_ORDERED_SUPPORTED_PROTOCOLS).
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from dataclasses import dataclass
from typing import Any

import botocore.session
import xmltodict
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel, Shape
from botocore.validate import ParamValidator
from werkzeug.wrappers import Request

_CREDENTIAL = re.compile(r"Credential=(?P<access_key>[^/]+)/\d{8}/(?P<region>[^/]+)/")


class AwsError(Exception):
    """An error as AWS answers it: code, message, HTTP status and the members of its shape (`ResourceId`, `reason`)."""

    def __init__(self, code: str, message: str, status: int = 400, **members: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


@dataclass(frozen=True)
class Received:
    """A request as it came, unchecked. `parameters` is None if the body could not be read."""

    query: bool
    operation: str
    parameters: Any
    access_key: str
    session_token: str
    region: str

    @property
    def service(self) -> ServiceModel:
        """The model of the service that the request's protocol belongs to."""
        return _service("sts" if self.query else "workspaces")


@functools.cache
def _service(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


def receive(request: Request) -> Received:
    """Take a request apart. Never fails: what is missing is empty, and refused later."""
    credential = _CREDENTIAL.search(request.headers.get("Authorization", ""))
    query = request.mimetype == "application/x-www-form-urlencoded"
    parameters: Any = None
    if query:
        parameters = dict(request.form)
        operation = parameters.pop("Action", "")
        parameters.pop("Version", None)
    else:
        prefix, _dot, operation = request.headers.get("X-Amz-Target", "").partition(".")
        if prefix != _service("workspaces").metadata["targetPrefix"]:
            operation = ""
        with contextlib.suppress(ValueError):
            parameters = json.loads(request.get_data())
    return Received(
        query=query,
        operation=operation,
        parameters=parameters,
        access_key=credential["access_key"] if credential else "",
        session_token=request.headers.get("X-Amz-Security-Token", ""),
        region=credential["region"] if credential else "",
    )


def check_operation(received: Received) -> OperationModel:
    """The operation's model. Raises UnknownOperationException (InvalidAction in the query protocol)."""
    try:
        return received.service.operation_model(received.operation)
    except OperationNotFoundError:
        raise unknown_operation(received) from None


def unknown_operation(received: Received) -> AwsError:
    """The error for an operation that the service, or this server, does not have."""
    code = "InvalidAction" if received.query else "UnknownOperationException"
    return AwsError(code, f"There is no operation {received.operation!r} here.")


def validate(parameters: Any, shape: Shape | None) -> None:
    """Hold the parameters against the operation's input shape in the model.

    Raises AwsError: SerializationException for what the model has no place for (wrong type, unknown member, no JSON
    object at all), ValidationException for what it forbids. AWS's other JSON services use these two codes so; that
    WorkSpaces does, and that it refuses unknown members at all, is assumed.
    """
    if shape is None:
        return
    report = ParamValidator().validate(parameters, shape).generate_report()
    if re.search("^(Invalid type|Unknown parameter)", report, re.MULTILINE):
        raise AwsError("SerializationException", report)
    problems = [report, *_violations(parameters, shape, "input")]
    if message := "\n".join(filter(None, problems)):
        raise AwsError("ValidationException", message)


def _violations(value: Any, shape: Shape, name: str) -> list[str]:
    """What ParamValidator leaves out: maxima, patterns and enumerations; and bool, which Python counts as an int."""
    if shape.type_name == "structure":
        members = ((member, value[member]) for member in shape.members if member in value)
        return [problem for key, item in members for problem in _violations(item, shape.members[key], key)]
    number = shape.type_name in ("integer", "long")
    if number and isinstance(value, bool):
        raise AwsError("SerializationException", f"{name} is a number.")
    items = value if shape.type_name == "list" else []
    found = [problem for item in items for problem in _violations(item, shape.member, name)]
    facts = shape.metadata
    size = len(value) if isinstance(value, (str, list)) else value if number else 0
    if size > facts.get("max", size):
        found.append(f"{name}: {value!r} is more or longer than {facts['max']}.")
    # Java's matches(), which AWS uses, is a full match, and its \d is ASCII.
    if "pattern" in facts and not re.fullmatch(facts["pattern"], value, re.ASCII):
        found.append(f"{name}: {value!r} does not match {facts['pattern']}.")
    if "enum" in facts and value not in facts["enum"]:
        found.append(f"{name}: {value!r} is none of {', '.join(facts['enum'])}.")
    return found


def render(received: Received, request_id: str, answer: dict[str, Any]) -> bytes:
    """A successful answer in the request's protocol."""
    if not received.query:
        return json.dumps(answer).encode()
    body = {f"{received.operation}Result": answer, "ResponseMetadata": {"RequestId": request_id}}
    return str(xmltodict.unparse({f"{received.operation}Response": body})).encode()


def render_error(received: Received, request_id: str, error: AwsError) -> bytes:
    """An error in the request's protocol."""
    if not received.query:
        return json.dumps({"__type": error.code, "message": error.message, **error.members}).encode()
    body = {"Type": "Sender", "Code": error.code, "Message": error.message}
    return str(xmltodict.unparse({"ErrorResponse": {"Error": body, "RequestId": request_id}})).encode()
