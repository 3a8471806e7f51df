# -*- coding: utf-8 -*-

# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: organization_accounts
version_added: 1.2.0
short_description: Make a host of each account of an AWS organization and each Region
description:
  - Chooses accounts of an AWS organization as M(euc.aws.organization_accounts_info) does, and makes a host for each of
    them and each Region.
  - The hosts are the controller itself, with variables that lead a task into the account and the Region.
  - Its configuration is a YAML file whose name ends with C(organization_accounts.yml) or C(organization_accounts.yaml).
author:
  - Contributors to the euc.aws project (@euc-aws)
extends_documentation_fragment:
  - inventory_cache
  - constructed
  - amazon.aws.boto3
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
  - amazon.aws.assume_role.plugins
  - euc.aws.organization_accounts
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices:
      - euc.aws.organization_accounts
  regions:
    description:
      - The Regions in which each account has a host. Its name is the account's ID, a dot and the Region, such as
        C(111111111111.eu-west-1), so that C(--limit) takes C(111111111111.*), C(*.eu-west-1), and both in one.
      - Without this option each account has one host, by the name of its ID.
    type: list
    elements: str
  role_name:
    description:
      - The name of a role that each account has, behind its path if it has one. Each host's C(assume_role_arn) is the
        ARN of this role in its account.
      - The management account has no such role, unless somebody made one. Leave that account out by
        O(exclude_account_ids).
    type: str
  partition:
    description: The partition of the role's ARN, such as V(aws), V(aws-cn) and V(aws-us-gov).
    type: str
    default: aws
  assume_role_external_id:
    description:
      - The external ID that the trust policy of the role in O(assume_role_arn) asks for.
      - It is not given to the hosts. O(compose) can do that.
    type: str
notes:
  - A host has the variables C(aws_account_id), C(aws_account_name), C(aws_account_path), with O(include_tags)
    C(aws_account_tags), with O(regions) C(aws_region), with O(role_name) C(assume_role_arn), and
    C(ansible_connection=local) with C(ansible_python_interpreter) of the controller. None of them is a secret.
  - Names, paths and tags of accounts are other people's words, and are never run as templates. In the names of groups,
    whatever is no letter, digit or underscore becomes an underscore.
  - O(assume_role_arn) is the role that reads the organization. It is assumed when AWS is first asked, so a cached
    inventory makes no call at all. The cache is bound to the options that choose accounts and to those that lead to
    the organization, the access key's ID among them, and to E(AWS_SHARED_CREDENTIALS_FILE), E(AWS_CONFIG_FILE),
    E(AWS_ROLE_ARN), E(AWS_WEB_IDENTITY_TOKEN_FILE), E(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI),
    E(AWS_CONTAINER_CREDENTIALS_FULL_URI), E(AWS_ENDPOINT_URL) and E(AWS_ENDPOINT_URL_ORGANIZATIONS).
  - What these files say, and which role the machine itself has, is not seen. After a change of them, run once with
    C(--flush-cache).
  - What is cached in another form than this plugin's counts as not cached. An ID in it that is not 12 digits is an
    error.
  - A key of the file that is no option is refused, and so is a null for an option that chooses accounts or makes hosts.
  - If anything fails, the inventory has no host of this source. Ansible then warns and goes on, which looks like
    success where a play has no hosts. Set C(any_unparsed_is_failed) in the section C([inventory]) of C(ansible.cfg), or
    E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) to V(true).
seealso:
  - module: euc.aws.organization_accounts_info
"""

EXAMPLES = r"""
# production.organization_accounts.yml
plugin: euc.aws.organization_accounts
organizational_units:
  - /Workloads/Production
exclude_organizational_units:
  - /Workloads/Production/Frozen
exclude_account_ids:
  # The management account, which has no member role
  - "123456789012"
regions:
  - eu-west-1
  - us-east-1
role_name: image-recipient
include_tags: true
keyed_groups:
  # region_eu_west_1
  - key: aws_region
    prefix: region
  # stage_production, from a tag
  - key: aws_account_tags.stage | default('none')
    prefix: stage
groups:
  # /Sandbox and the units below it, but not /Sandboxes
  sandboxes: (aws_account_path ~ '/').startswith('/Sandbox/')
compose:
  assume_role_external_id: "'golden-images-7f3a'"
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible-inventory
cache_timeout: 3600
---
# everyone.organization_accounts.yml: read as a delegated administrator, one host an account
plugin: euc.aws.organization_accounts
assume_role_arn: arn:aws:iam::222222222222:role/organization-reader
assume_role_external_id: golden-images-7f3a
"""

import hashlib
import json
import os
from functools import partial
from typing import TYPE_CHECKING

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.inventory.group import to_safe_group_name
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.inventory import BaseInventoryPlugin

try:
    from ansible.template import trust_as_template
except ImportError:  # Before ansible-core 2.19 every text may be run, unless it is wrapped.
    from ansible.utils.unsafe_proxy import wrap_var as as_data

    def trust_as_template(value: str) -> str:
        """Leave a text as it is."""
        return value
else:

    def as_data(value: Any) -> Any:
        """Leave a value as it is, for it is run only where it is trusted."""
        return value


from ansible_collections.amazon.aws.plugins.plugin_utils.inventory import AWSInventoryBase

from ansible_collections.euc.aws.plugins.module_utils._aws.client import AWSClients
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError, refuse
from ansible_collections.euc.aws.plugins.module_utils._aws.role import alias_problem, role_problems
from ansible_collections.euc.aws.plugins.module_utils._organizations.cached import (
    ENVIRONMENT,
    cached_accounts,
    spoilt_problem,
)
from ansible_collections.euc.aws.plugins.module_utils._organizations.choice import (
    CHOICE_OPTIONS,
    choice_problems,
    none_chosen,
    null_problem,
)
from ansible_collections.euc.aws.plugins.module_utils._organizations.configuration import configuration_problems
from ansible_collections.euc.aws.plugins.module_utils._organizations.hosts import (
    groups_problem,
    hosts_of,
    hosts_problems,
)
from ansible_collections.euc.aws.plugins.module_utils._organizations.lookup import find_accounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, NoReturn

    from ansible.parsing.dataloader import DataLoader

    from ansible_collections.euc.aws.plugins.module_utils._organizations.hosts import Host

# What leads to the organization, and so is a part of what the cache is bound to. Secrets are not.
_WAY = ("access_key", "profile", "region", "endpoint_url", "assume_role_arn", "assume_role_external_id")
_SECRETS = ("secret_key", "session_token")
_HOSTS = ("regions", "role_name", "partition")
# amazon.aws's plugins do not have these options of its modules.
_NOT_THERE = dict.fromkeys(("validate_certs", "aws_ca_bundle", "aws_config"))


class InventoryModule(AWSInventoryBase):
    """One host for each account and Region."""

    NAME = "euc.aws.organization_accounts"
    INVENTORY_FILE_SUFFIXES = ("organization_accounts.yml", "organization_accounts.yaml")
    inventory: InventoryData
    # Group names come from tags, and before ansible-core 2.19 would be run as templates.
    _sanitize_group_name = staticmethod(partial(to_safe_group_name, force=True, silent=True))

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Add the hosts to the inventory; all of them, or none.

        :raises AnsibleParserError: With the message that the module has.
        """
        try:
            super().parse(inventory, loader, path, cache=cache)
            params = self._parameters()
            refuse(*role_problems(params), *choice_problems(params), *hosts_problems(params))
            accounts = self._accounts(params, path, cache)
            if not accounts:
                self.warn(none_chosen(params["states"]))
            self._add(self._made(hosts_of(accounts, params)))
        except AnsibleEUCError as error:
            raise AnsibleParserError(str(error)) from None

    def _read_config_data(self, path: str) -> Mapping[str, Any]:
        config = super()._read_config_data(path)
        refuse(
            alias_problem(config),
            null_problem(config, (*CHOICE_OPTIONS, *_HOSTS)),
            *configuration_problems(config, self.option_definitions, _is_boolean),
        )
        return config

    def _set_frozen_credentials(self) -> None:
        """Assume no role here, as amazon.aws does even for a cached inventory. AWSClients do it when AWS is asked."""

    def get_option(self, option: str, hostvars: Any = None) -> Any:
        """Return the value of an option, a template filled where amazon.aws's plugins do that."""
        value = BaseInventoryPlugin.get_option(self, option, hostvars)
        # amazon.aws 10.1 makes ansible-core 2.19 warn for each list that it looks for templates in.
        return super().get_option(option, hostvars) if "{{" in str(value) or "{%" in str(value) else value

    def _parameters(self) -> dict[str, Any]:
        params = {name: self.get_option(name) for name in (*CHOICE_OPTIONS, *_HOSTS, *_WAY, *_SECRETS)}
        # Plugins take the items of a list as YAML has them, an account ID without quotes as a number.
        as_text = {name: [str(item) for item in value] for name, value in params.items() if isinstance(value, list)}
        return {**params, **as_text, **_NOT_THERE}

    def get_cache_key(self, path: str) -> str:
        """Return a key that no other choice has, and no other way to an organization."""
        params = self._parameters()
        given = [[name, params[name]] for name in (*CHOICE_OPTIONS, *_WAY)]
        bound_to = json.dumps([*given, *([name, os.environ.get(name)] for name in ENVIRONMENT)])
        return f"{super().get_cache_key(path)}_{hashlib.sha256(bound_to.encode()).hexdigest()[:32]}"

    def _accounts(self, params: Mapping[str, Any], path: str, cache: bool) -> list[dict[str, Any]]:
        accounts = cached_accounts(self.get_cached_result(path, cache)[1])
        if accounts is None:
            client = AWSClients(_AsModule(self, params)).make("organizations")
            accounts = [
                {"id": found.account.id, "name": found.account.name, "path": found.path, "tags": found.tags}
                for found in find_accounts(client, params)
            ]
            # With cache=True it would leave what is cached and no list of accounts.
            self.update_cached_result(path, False, accounts)
        refuse(spoilt_problem(accounts))
        return accounts

    def _made(self, hosts: Iterable[Host]) -> InventoryData:
        """Put hosts and their groups into an inventory of their own, so that no failure leaves a part of them."""
        made, real = InventoryData(), self.inventory
        self.inventory = made
        try:
            for host in hosts:
                self._make(host)
        finally:
            self.inventory = real
        return made

    def _make(self, host: Host) -> None:
        ours = {name: trust_as_template(value) for name, value in host.ours.items()}
        variables = {**ours, **as_data(dict(host.theirs))}
        strict = self.get_option("strict")
        self.inventory.add_host(host.name)
        for name, value in variables.items():
            self.inventory.set_variable(host.name, name, value)
        self._set_composite_vars(self.get_option("compose"), variables, host.name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host.name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host.name, strict=strict)

    def _add(self, made: InventoryData) -> None:
        """Add all hosts and groups of another inventory to the real one.

        :raises AnsibleEUCError: Before anything is added, if Ansible would refuse a group for its place.
        """
        both = (*self.inventory.groups.values(), *made.groups.values())
        if problem := groups_problem((group.name, child.name) for group in both for child in group.child_groups):
            raise AnsibleEUCError(problem)
        for host in made.hosts.values():
            self.inventory.add_host(host.name)
            for name, value in host.vars.items():
                if name not in ("inventory_file", "inventory_dir"):
                    # By its name Ansible would take a group of another source before the host.
                    self.inventory.hosts[host.name].set_variable(name, value)
        for name in made.groups:
            self.inventory.add_group(name)
        for name, group in made.groups.items():
            for child in group.child_groups:
                self.inventory.add_child(name, child.name)
            for host in group.hosts:
                self.inventory.groups[name].add_host(self.inventory.hosts[host.name])


def _is_boolean(value: Any) -> bool:
    try:
        boolean(value)
    except TypeError:
        return False
    return True


class _AsModule:
    """What AWSClients need of a module, on behalf of a plugin."""

    def __init__(self, plugin: InventoryModule, params: Mapping[str, Any]) -> None:
        self.params = params
        self._plugin = plugin

    def client(self, service: str, **options: Any) -> Any:
        """Make a client as amazon.aws does."""
        try:
            return self._plugin.client(service, **options)
        except AnsibleError as error:
            raise AnsibleEUCError(str(error)) from error

    def fail_json(self, msg: str, **_result: Any) -> NoReturn:
        """End where a module would end its task."""
        raise AnsibleEUCError(msg)
