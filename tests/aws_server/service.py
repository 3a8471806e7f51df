# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each service of the server is made of, and the errors that it answers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.model import ServiceModel

from .state import Call, State

Behaviour = Callable[[State, Call], dict[str, Any]]


class AwsError(Exception):
    """An error as AWS answers it: code, message, HTTP status and the members of its shape (`ResourceId`, `reason`)."""

    def __init__(self, code: str, message: str, status: int = 400, **members: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


class Service:
    """A service, by the name that botocore and the scope of a signature have for it, and what its operations do."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.behaviours: dict[str, Behaviour] = {}

    def behaviour(self, function: Behaviour) -> Behaviour:
        """Register a function as the behaviour of the operation that it is named for, as boto3 names it.

        It reads `call.parameters`, which are valid, changes what the state lists, and returns the answer or raises
        AwsError. What it is given is a copy: its lists of resources count only if the call takes effect.
        """
        self.behaviours[function.__name__] = function
        return function

    @functools.cached_property
    def model(self) -> ServiceModel:
        """What botocore knows of the service."""
        return botocore.session.get_session().get_service_model(self.name)

    @property
    def query(self) -> bool:
        """Whether the service speaks the query protocol, and not JSON 1.1."""
        return bool(self.model.metadata["protocol"] == "query")
