# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of every module: a result, or one error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import AnsibleEUCError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def exit_with(module: Any, work: Callable[[], dict[str, Any]]) -> None:
    """Do a module's work, and end its task with what that returns or raises.

    :param module: The AnsibleAWSModule.
    :param work: Everything that can fail. What it returns is the result; ``changed`` is false where it says nothing.
    """
    try:
        result = work()
    except AnsibleEUCError as error:
        if error.exception or error.response:
            module.fail_json_aws(error, **error.kwargs)
        # fail_json_aws adds a traceback, which says nothing where no error of AWS's is behind the sentence.
        module.fail_json(msg=error.message, **error.kwargs)
    module.exit_json(**{"changed": False, **result})
