# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin as Ansible loads it, without Ansible's loader, which finds no collections in a plain pytest."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import yaml
from ansible import constants

from ansible_collections.euc.aws.plugins.inventory.organization_accounts import DOCUMENTATION, InventoryModule

NAME = "euc.aws.organization_accounts"


def new_plugin() -> InventoryModule:
    """Make the plugin, with the options that its documentation and its fragments have."""
    documentation = yaml.safe_load(DOCUMENTATION)
    options = documentation["options"]
    for name in documentation["extends_documentation_fragment"]:
        options = {**_options_of(name), **options}
    constants.config.initialize_plugin_configuration_definitions("inventory", NAME, options)
    plugin = InventoryModule()
    names = {"_load_name": NAME, "_original_path": "", "ansible_name": NAME, "_redirected_names": [NAME]}
    for name, value in names.items():
        setattr(plugin, name, value)
    return plugin


def _options_of(name: str) -> dict[str, Any]:
    parts = name.split(".")
    where = f"ansible_collections.{parts[0]}.{parts[1]}.plugins" if len(parts) > 1 else "ansible.plugins"
    fragment = import_module(f"{where}.doc_fragments.{parts[2] if len(parts) > 1 else name}").ModuleDocFragment
    text = getattr(fragment, parts[-1].upper() if len(parts) > 3 else "DOCUMENTATION", "{}")
    return yaml.safe_load(text).get("options", {})
