# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of an inventory: one for each account and Region, and what is wrong with the options that say which.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from .._aws.accounts import enumerated
from .._aws.role import is_role_arn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-[0-9]+")
_PARTITION = re.compile(r"aws(?:-[a-z]+)*")
# By the beginnings of their Regions, as regionRegex in botocore's data/partitions.json has them.
_PARTITIONS = {
    "cn-": "aws-cn",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
}
# What the Regions of the partition aws have been called so far, and those of no other but aws-cn.
_OF_AWS = re.compile(r"[a-z]{2}-[a-z]+-[0-9]+")


@dataclass(frozen=True)
class Host:
    """A host. ``ours`` are variables in our own words, ``theirs`` what other people wrote and nobody may run."""

    name: str
    ours: Mapping[str, str]
    theirs: Mapping[str, Any]


def hosts_of(accounts: Iterable[Mapping[str, Any]], params: Mapping[str, Any]) -> list[Host]:
    """Make the hosts of accounts.

    :param accounts: Accounts with ``id``, ``name``, ``path`` and ``tags``; these are None where they were not read.
    :param params: ``regions``, None for one host an account, ``role_name`` and ``partition``.
    :returns: A host for each account and Region, in the order of the accounts.
    """
    regions: Sequence[str | None] = list(dict.fromkeys(params["regions"])) if params["regions"] else [None]
    return [_host(account, region, params) for account in accounts for region in regions]


def _host(account: Mapping[str, Any], region: str | None, params: Mapping[str, Any]) -> Host:
    ours = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "aws_account_id": account["id"],
    }
    if region is not None:
        ours["aws_region"] = region
    if params["role_name"] is not None:
        ours["assume_role_arn"] = _role_arn(params, account["id"])
    theirs = {"aws_account_name": account["name"], "aws_account_path": account["path"]}
    if account["tags"] is not None:
        theirs["aws_account_tags"] = account["tags"]
    return Host(account["id"] if region is None else f"{account['id']}.{region}", ours, theirs)


def _role_arn(params: Mapping[str, Any], account_id: str) -> str:
    return f"arn:{params['partition']}:iam::{account_id}:role/{params['role_name']}"


def hosts_problems(params: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the options that make hosts; a sentence each."""
    regions, role_name, partition = params["regions"], params["role_name"], params["partition"]
    problems = []
    wrong = {region for region in regions or () if not _REGION.fullmatch(region)}
    if regions == []:
        problems.append("regions is empty. Leave it out for one host an account.")
    if wrong:
        problems.append(f"regions takes Regions such as eu-west-1, and these are not: {enumerated(wrong)}.")
    if not _PARTITION.fullmatch(partition):
        problems.append(f"partition takes aws, aws-cn, aws-us-gov and the like, and not {enumerated([partition])}.")
    # The path of a role may have nearly anything in it, an ARN too.
    elif role_name is not None and (role_name.startswith("arn:") or not is_role_arn(_role_arn(params, "0" * 12))):
        problems.append(
            f"role_name takes the name of an IAM role, with its path in front, and not {enumerated([role_name])}."
        )
    elsewhere = {region for region in regions or () if region not in wrong and _partition_of(region) != partition}
    if role_name is not None and elsewhere and partition in ("aws", *_PARTITIONS.values()):
        problems.append(f"partition is {partition}, and these Regions are in another: {enumerated(elsewhere)}.")
    return problems


def groups_problem(children: Iterable[tuple[str, str]]) -> str | None:
    """Say if groups go in a circle.

    :param children: The names of a group and of a child of it, for each child of each group.
    """
    groups: TopologicalSorter[str] = TopologicalSorter()
    for group, child in children:
        groups.add(group, child)
    try:
        groups.prepare()
    except CycleError as error:
        return (
            "With the groups of other sources, those of this inventory would go in a circle, a recursive dependency"
            f" loop: {', '.join(map(repr, error.args[1]))}. Change prefix or parent_group in keyed_groups. No host is"
            " added."
        )
    return None


def _partition_of(region: str) -> str | None:
    """Return the partition of a Region; None for one that is in none of those known here."""
    other = next((partition for start, partition in _PARTITIONS.items() if region.startswith(start)), None)
    return other or ("aws" if _OF_AWS.fullmatch(region) else None)
