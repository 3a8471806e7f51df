# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ansible-playbook``, but a module runs in the process that Ansible forks for its task, and not in one of its own.

What Ansible does with a task before and with a result after that is Ansible's. To start a Python and import boto3 for
each task takes most of the time of a run of many tasks that call nobody.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

from ansible.cli.playbook import main
from ansible.module_utils import basic
from ansible.module_utils.common.json import AnsibleJSONEncoder
from ansible.plugins.action import ActionBase

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # ansible-core 2.17 and 2.18

    @contextmanager
    def patch_module_args(args: dict[str, Any]) -> Iterator[None]:
        """Let the next module take these arguments."""
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": args}, cls=AnsibleJSONEncoder).encode()
        yield


OURS = ("euc.aws.", "amazon.aws.")
in_a_process_of_its_own = ActionBase._execute_module


def execute_module(self: Any, module_name: str | None = None, *others: Any, **options: Any) -> Any:
    """Run the module of the task with its arguments and environment, and return what it printed."""
    name, arguments = module_name or self._task.action, self._task.args
    if not name.startswith(OURS):
        return in_a_process_of_its_own(self, module_name, *others, **options)
    task_vars = options.get("task_vars")
    self._update_module_args(name, arguments, task_vars or {})
    environment: dict[str, str] = {}
    self._compute_environment_string(environment)
    os.environ.update(environment)
    collection, _dot, module_file = name.rpartition(".")
    module = importlib.import_module(f"ansible_collections.{collection}.plugins.modules.{module_file}")
    with redirect_stdout(io.StringIO()) as output, patch_module_args(arguments), suppress(SystemExit):
        module.main()
    return json.loads(output.getvalue())


if __name__ == "__main__":
    importlib.import_module("boto3")  # once for all tasks, before Ansible forks
    ActionBase._execute_module = execute_module
    sys.exit(main())
