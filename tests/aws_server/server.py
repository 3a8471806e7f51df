# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a request to an answer, over real HTTP or inside the process."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from .credentials import caller_of, is_expired, is_known
from .protocol import (
    Received,
    check_operation,
    common_error,
    receive,
    render,
    render_error,
    unknown_operation,
    validate,
)
from .service import AwsError
from .state import Call, Fault, State

CONTROL = "/_control"


@dataclass(frozen=True)
class Answer:
    """What goes back: after `delay` seconds, or not at all if `dropped`."""

    status: int
    headers: dict[str, str]
    body: bytes
    dropped: bool = False
    delay: float = 0


def handle(state: State, request: Request) -> Answer:
    """Perform a call, with the fault that is due, and write it into the journal."""
    received = receive(request)
    with state.lock:
        call = _call(state, received)
        fault = state.fault_for(call)
        request_id = f"{len(state.journal) + 1:08d}"
        writes = len(state.history)
        status, error = 200, None
        try:
            body = render(received, request_id, _perform(state, received, call, fault))
        except AwsError as caught:
            status, error = caught.status, caught.code
            body = render_error(received, request_id, caught)
        _write_down(state, replace(call, error=error, changed=len(state.history) > writes))
    if fault and fault.kind == "page":
        proof = {"x-amzn-RequestId": request_id} if fault.bears_request_id else {}
        return Answer(fault.status, {"Content-Type": fault.content_type, **proof}, fault.body.encode("latin-1"))
    content_type = "text/xml" if received.query else "application/x-amz-json-1.1"
    return Answer(
        status,
        headers={"Content-Type": content_type, "x-amzn-RequestId": request_id},
        body=body,
        dropped=bool(fault and fault.kind == "drop"),
        delay=fault.seconds if fault and fault.kind == "slow" else 0,
    )


def _call(state: State, received: Received) -> Call:
    caller = caller_of(state, received.access_key)
    return Call(
        received.operation,
        caller.account,
        received.region,
        received.parameters,
        caller=caller.arn,
        access_key=received.access_key,
    )


def _perform(state: State, received: Received, call: Call, fault: Fault | None) -> dict[str, Any]:
    """Check the call as AWS does, let it take effect and answer. Raises AwsError."""
    interruption = _interruption(fault)
    if fault and interruption and not fault.applied:
        raise interruption
    _authenticate(state, received)
    service, operation = check_operation(received)
    validate(received, operation.input_shape)
    throttle = state.throttle_of(service.name)
    if throttle and not throttle.allows(call.account, call.region):
        raise common_error(received, "ThrottlingException", "Rate exceeded")
    behaviour = service.behaviours.get(xform_name(received.operation))
    if behaviour is None:
        raise unknown_operation(received)
    stale = fault is not None and fault.kind == "stale"
    view = _before(state, fault.writes) if fault and stale else replace(state, **state.resources())
    answer = behaviour(view, call)
    if not stale:
        _commit(state, view)
    if interruption:
        raise interruption
    return answer


def _before(state: State, writes: int) -> State:
    """The state with the resources as they were before the last writes, or the first one."""
    then = (state.history[-writes:] or [state.resources()])[0]
    copies: dict[str, Any] = {name: list(resources) for name, resources in then.items()}
    return replace(state, **copies)


def _commit(state: State, view: State) -> None:
    """Let what a call changed in its view of the state count, and remember what was before."""
    before, after = state.resources(), view.resources()
    if after != before:
        state.history.append(before)
        vars(state).update(after)


def _interruption(fault: Fault | None) -> AwsError | None:
    if fault and fault.kind == "error":
        return AwsError(fault.code, fault.message, fault.status)
    if fault and fault.kind == "drop":
        return AwsError("ConnectionClosed", fault.message)
    if fault and fault.kind == "page":
        return AwsError("NotFromAWS", fault.message)
    return None


def _authenticate(state: State, received: Received) -> None:
    """Access key and session token must be known and not expired; signatures are not looked at."""
    if not received.access_key:
        raise common_error(received, "MissingAuthenticationTokenException", "Missing Authentication Token")
    if not is_known(state, received.access_key, received.session_token):
        message = "The security token included in the request is invalid."
        raise common_error(received, "UnrecognizedClientException", message)
    if is_expired(state, received.access_key):
        message = "The security token included in the request is expired"
        raise common_error(received, "ExpiredTokenException", message)


def _write_down(state: State, call: Call) -> None:
    if not isinstance(call.parameters, dict):
        call = replace(call, parameters={})
    image_id = call.parameters.get("ImageId")
    shared = next((image.shared_account_ids for image in state.images if image.image_id == image_id), None)
    state.journal.append(replace(call, shared_account_ids=shared))


def _control(state: State, request: Request) -> Response:
    """GET state and journal, PUT a new state, POST more faults (a list), DELETE the journal."""
    with state.lock:
        try:
            if request.method == "PUT":
                state.load(json.loads(request.get_data()))
            elif request.method == "POST":
                state.faults.extend([Fault(**fault) for fault in json.loads(request.get_data())])
            elif request.method == "DELETE":
                state.journal.clear()
        except (TypeError, ValueError) as error:
            return Response(str(error), status=400)
        return Response(json.dumps(state.as_json()), mimetype="application/json")


def application(state: State) -> Any:
    """The WSGI application for a state."""

    @Request.application
    def respond(request: Request) -> Response:
        if request.path == CONTROL:
            return _control(state, request)
        answer = handle(state, request)
        time.sleep(answer.delay)
        if answer.dropped:
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError  # which werkzeug takes for a client that went away, and sends nothing
        return Response(answer.body, answer.status, answer.headers)

    return respond


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the journal has it."""


def make(state: State) -> BaseWSGIServer:
    """A server for a state on a free port of 127.0.0.1, not running yet."""
    return make_server("127.0.0.1", 0, application(state), threaded=True, request_handler=_Quiet)


@contextmanager
def serve(state: State) -> Iterator[str]:
    """Serve a state over HTTP; gives the URL, stops at the end."""
    server = make(state)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Raw(BytesIO):
    def stream(self) -> Iterator[bytes]:
        """The one method of urllib3's responses that botocore calls."""
        yield self.getvalue()


def attach(client: Any, state: State) -> None:
    """Let a boto3 client talk to a state inside the process: it still serialises and signs, but nothing is sent.

    A dropped connection raises ConnectionClosedError. An answer later than the client's read timeout raises
    ReadTimeoutError; nothing is waited for.
    """

    def respond(request: AWSPreparedRequest, **_kwargs: Any) -> AWSResponse:
        parts = urlsplit(request.url)
        headers = {k: v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
        body = request.body.encode() if isinstance(request.body, str) else request.body
        answer = handle(state, Request.from_values(parts.path, method=request.method, headers=headers, data=body))
        if answer.dropped:
            raise ConnectionClosedError(endpoint_url=request.url)
        if answer.delay >= client.meta.config.read_timeout:
            raise ReadTimeoutError(endpoint_url=request.url, error=None)
        return AWSResponse(request.url, answer.status, answer.headers, _Raw(answer.body))

    client.meta.events.register("before-send", respond)
