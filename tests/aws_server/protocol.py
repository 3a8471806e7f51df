# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS's wire protocols and request validation, driven by botocore's service models.

STS is spoken to in the query protocol, every other service here in JSON 1.1. The WorkSpaces model of newer botocore
names smithy-rpc-v2-cbor too, but botocore prefers JSON where a service has both (PRIORITY_ORDERED_SUPPORTED_PROTOCOLS).
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from typing import Any

import xmltodict
from botocore.model import OperationModel, OperationNotFoundError, Shape
from botocore.validate import ParamValidator
from werkzeug.wrappers import Request

from .service import AwsError, Service
from .services import SERVICES

_CREDENTIAL = re.compile(r"Credential=(?P<access_key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/")
# What any operation can be refused with: its code in JSON, where the status is 400, and code and status in the query
# protocol (STS's list of common errors; MalformedInput is assumed).
_COMMON = {
    "ExpiredTokenException": ("ExpiredToken", 403),
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403),
    "SerializationException": ("MalformedInput", 400),
    "ThrottlingException": ("Throttling", 400),
    "UnknownOperationException": ("InvalidAction", 400),
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "ValidationException": ("ValidationError", 400),
}


@dataclass(frozen=True)
class Received:
    """A request as it came, unchecked. `service` is None, or `parameters`, if the request does not tell.

    `query` says how to answer: in the query protocol, or in JSON 1.1.
    """

    service: Service | None
    query: bool
    operation: str
    parameters: Any
    access_key: str
    session_token: str
    region: str


def receive(request: Request) -> Received:
    """Take a request apart. Never fails: what is missing is empty, and refused later.

    One URL serves all services, so a request is for the one in the scope of its signature, and has to be in that
    one's protocol.
    """
    credential = _CREDENTIAL.search(request.headers.get("Authorization", ""))
    query = request.mimetype == "application/x-www-form-urlencoded"
    service = SERVICES.get(credential["service"]) if credential else None
    if service and service.query != query:
        service = None
    operation, parameters = _query(request, service) if query else _json(request, service)
    return Received(
        service=service,
        query=query,
        operation=operation,
        parameters=parameters,
        access_key=credential["access_key"] if credential else "",
        session_token=request.headers.get("X-Amz-Security-Token", ""),
        region=credential["region"] if credential else "",
    )


def _json(request: Request, service: Service | None) -> tuple[str, Any]:
    """Operation and parameters of a request in JSON 1.1; no operation if its target is not of the service."""
    prefix, _dot, operation = request.headers.get("X-Amz-Target", "").partition(".")
    if service is None or prefix != service.model.metadata["targetPrefix"]:
        operation = ""
    with contextlib.suppress(ValueError):
        return operation, json.loads(request.get_data())
    return operation, None


def _query(request: Request, service: Service | None) -> tuple[str, Any]:
    """Operation and parameters of a request in the query protocol; no operation if its version is not the service's."""
    form = request.form.to_dict()
    operation = form.pop("Action", "")
    version = form.pop("Version", "")
    if service is None or version != service.model.api_version:
        return "", form
    with contextlib.suppress(OperationNotFoundError):
        return operation, _typed(_tree(form), service.model.operation_model(operation).input_shape)
    return operation, form


def _tree(form: dict[str, str]) -> dict[str, Any]:
    """`Tags.member.1.Key=x` as dictionaries in dictionaries."""
    tree: dict[str, Any] = {}
    for path, value in form.items():
        *above, name = path.split(".")
        place = tree
        for step in above:
            below = place.setdefault(step, {})
            place = below if isinstance(below, dict) else {}
        place[name] = value
    return tree


def _typed(value: Any, shape: Any) -> Any:
    """The text of a query as what the shape has for it; as it is where it has nothing, or the text is no such thing."""
    match (shape.type_name if shape else None), value:
        case "structure", dict():
            return {name: _typed(item, shape.members.get(name)) for name, item in value.items()}
        case "list", {"member": dict() as members}:
            return [_typed(item, shape.member) for item in members.values()]
        case "list", "":
            return []
        case "integer", str() if re.fullmatch("-?[0-9]+", value):
            return int(value)
    return value


def common_error(received: Received, code: str, message: str) -> AwsError:
    """An error that any operation can have, by its code in JSON, as the request's protocol has it."""
    query_code, query_status = _COMMON[code]
    return AwsError(query_code, message, query_status) if received.query else AwsError(code, message)


def check_operation(received: Received) -> tuple[Service, OperationModel]:
    """The service, and its model of the operation. Raises UnknownOperationException (in a query InvalidAction)."""
    with contextlib.suppress(OperationNotFoundError):
        if received.service:
            return received.service, received.service.model.operation_model(received.operation)
    raise unknown_operation(received)


def unknown_operation(received: Received) -> AwsError:
    """The error for an operation that the service, or this server, does not have."""
    return common_error(received, "UnknownOperationException", f"There is no operation {received.operation!r} here.")


def validate(received: Received, shape: Shape | None) -> None:
    """Hold the parameters against the operation's input shape in the model.

    Raises AwsError: SerializationException for what the model has no place for (wrong type, unknown member, no JSON
    object at all), ValidationException for what it forbids. AWS's other JSON services use these two codes so; that
    WorkSpaces does, and that it refuses unknown members at all, is assumed, as is that STS does.
    """
    if shape is None:
        return
    report = ParamValidator().validate(received.parameters, shape).generate_report()
    if re.search("^(Invalid type|Unknown parameter)", report, re.MULTILINE):
        raise common_error(received, "SerializationException", report)
    problems = [report, *_violations(received.parameters, shape, "input")]
    if message := "\n".join(filter(None, problems)):
        raise common_error(received, "ValidationException", message)


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
    # Java's matches(), which AWS uses, is a full match, and its \d is ASCII. Its \p{L}, which tags have, Python lacks.
    pattern = facts.get("pattern", "")
    if pattern and r"\p{" not in pattern and not re.fullmatch(pattern, value, re.ASCII):
        found.append(f"{name}: {value!r} does not match {pattern}.")
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
