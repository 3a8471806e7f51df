# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags of a WorkSpaces resource: what is valid, what is to change, and the calls.

Operations and limits are those of botocore's data/workspaces/2015-04-08/service-2.json.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
    compare_aws_tags,
)

from .accounts import enumerated
from .calls import call
from .errors import AnsibleEUCError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any, ClassVar

# For the argument spec; the fragment amazon.aws.tags documents it.
TAG_OPTIONS = dict(
    tags=dict(type="dict", aliases=["resource_tags"]),
    purge_tags=dict(type="bool", default=True),
)

# https://docs.aws.amazon.com/workspaces/latest/adminguide/tag-workspaces-resources.html. The key's 127 characters and
# the value's 255 are TagKey's and TagValue's.
_MOST_TAGS = 50
_KEY = re.compile(r"[\w +=.:/@-]{1,127}")
_VALUE = re.compile(r"[\w +=.:/@-]{0,255}")
_RESERVED = "aws:"


class AnsibleTagsError(AnsibleEUCError):
    """An error in a call about tags."""

    ADVICE: ClassVar[Mapping[str, str]] = {
        **AnsibleEUCError.ADVICE,
        "AccessDeniedException": (
            "Allow the caller workspaces:DescribeTags, and to change tags workspaces:CreateTags and"
            " workspaces:DeleteTags, each on the resource *."
        ),
        "ResourceLimitExceededException": "AWS allows 50 tags a resource.",
        "ResourceNotFoundException": "It may have been deleted meanwhile: run this again.",
    }


def tags_problem(tags: Mapping[str, Any] | None, beside: int = 0) -> str | None:
    """Say what AWS would refuse in tags.

    :param tags: The tags as Ansible passed them on; None where none were given.
    :param beside: How many tags the module itself writes beside these.
    :returns: A sentence, or None if nothing speaks against them.
    """
    tags = tags or {}
    problems = [
        _listed(
            "keys of 1 to 127 letters, digits, spaces and _+-=.:/@ with no space at an end, and these are not",
            _wrong(tags, _KEY),
        ),
        _listed(
            "values of at most 255 letters, digits, spaces and _+-=.:/@ with no space at an end, and these keys have"
            " others",
            {key for key, value in tags.items() if not _is_valid(value, _VALUE)},
        ),
        _listed("keys that do not begin with aws:, which is AWS's own, and these do", _starting(tags, _RESERVED)),
    ]
    if len(tags) + beside > _MOST_TAGS:
        problems.append(f"at most {_MOST_TAGS - beside} tags here, and these are {len(tags)}")
    found = [problem for problem in problems if problem]
    return f"tags takes {'; '.join(found)}." if found else None


def changed_tags(
    current: Mapping[str, str], tags: Mapping[str, Any] | None, purge: bool, spared: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Compare tags as amazon.aws's modules do.

    :param current: The tags that the resource has.
    :param tags: The tags that it is to have; None to leave them alone.
    :param purge: Whether it is to have no other.
    :param spared: Keys that are never purged.
    :returns: The tags to write, and the keys to remove, sorted.
    :raises AnsibleTagsError: If the resource would then have more tags than AWS allows.
    """
    if tags is None:
        return {}, []
    to_set, to_unset = compare_aws_tags(current, _as_text(tags), purge)
    to_unset = sorted(set(to_unset) - set(spared))
    count = sum(not key.startswith(_RESERVED) for key in applied_tags(current, to_set, to_unset))
    if to_set and count > _MOST_TAGS:
        raise AnsibleTagsError(
            f"With these, it would have {count} tags, and AWS allows {_MOST_TAGS} a resource. No tag was changed. It"
            f" has {enumerated(current)}: give fewer, or let purge_tags remove some."
        )
    return to_set, to_unset


def applied_tags(current: Mapping[str, str], to_set: Mapping[str, str], to_unset: Collection[str]) -> dict[str, str]:
    """Return the tags that a resource has after these changes."""
    return {key: value for key, value in current.items() if key not in to_unset} | dict(to_set)


def as_request(tags: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return tags as AWS takes them, where a resource is made."""
    return ansible_dict_to_boto3_tag_list(_as_text(tags))


def describe_tags(client: Any, resource_id: str) -> dict[str, str]:
    """Read the tags of a resource.

    :raises AnsibleTagsError: If AWS refuses, or does not answer.
    """
    return _call(
        client,
        f"read the tags of {resource_id}",
        lambda: boto3_tag_list_to_ansible_dict(client.describe_tags(ResourceId=resource_id).get("TagList", [])),
    )


def tags_of_many(client: Any, resource_ids: Iterable[str]) -> tuple[dict[str, dict[str, str]], set[str]]:
    """Read the tags of many resources.

    :returns: The tags by ID, and the IDs of what is gone meanwhile.
    :raises AnsibleTagsError: If AWS refuses, or does not answer.
    """
    tags, gone = {}, set()
    for resource_id in resource_ids:
        try:
            tags[resource_id] = describe_tags(client, resource_id)
        except AnsibleTagsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            gone.add(resource_id)
    return tags, gone


def change_tags(
    client: Any, resource_id: str, current: Mapping[str, str], to_set: Mapping[str, str], to_unset: Collection[str]
) -> None:
    """Remove tags of a resource, and then write others, so that 50 can be replaced.

    :param current: The tags that it has.
    :raises AnsibleTagsError: If they could not be changed. Its result has the tags that there are after that, as they
        were read again, or as far as AWS answered.
    """
    held = dict(current)
    try:
        if to_unset:
            _delete_tags(client, resource_id, to_unset)
            held = applied_tags(current, {}, to_unset)
        if to_set:
            _create_tags(client, resource_id, to_set)
    except AnsibleEUCError as error:
        # What AWS answered to the change says more than why it could not be asked again.
        with suppress(AnsibleEUCError):
            held = describe_tags(client, resource_id)
        if held != applied_tags(current, to_set, to_unset):
            error.kwargs.update(tags=held, changed=held != current)
            raise


def _delete_tags(client: Any, resource_id: str, keys: Collection[str]) -> None:
    _call(
        client,
        f"remove tags of {resource_id}",
        lambda: client.delete_tags(ResourceId=resource_id, TagKeys=list(keys)),
    )


def _create_tags(client: Any, resource_id: str, tags: Mapping[str, str]) -> None:
    _call(
        client,
        f"write tags of {resource_id}",
        lambda: client.create_tags(ResourceId=resource_id, Tags=as_request(tags)),
    )


def _as_text(tags: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in tags.items()}


def _is_valid(value: Any, pattern: re.Pattern[str]) -> bool:
    # YAML makes numbers and booleans of words without quotes, and amazon.aws's modules take them.
    text = str(value)
    is_plain = isinstance(value, (str, int, float))
    return is_plain and bool(pattern.fullmatch(text)) and text == text.strip()


def _wrong(keys: Collection[str], pattern: re.Pattern[str]) -> set[str]:
    return {key for key in keys if not _is_valid(key, pattern)}


def _starting(keys: Collection[str], prefix: str) -> set[str]:
    return {key for key in keys if key.lower().startswith(prefix)}


def _listed(rule: str, wrong: Collection[str]) -> str | None:
    return f"{rule}: {enumerated(wrong)}" if wrong else None


def _call(client: Any, action: str, function: Any) -> Any:
    return call(client, action, function, AnsibleTagsError)
