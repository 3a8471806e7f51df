# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user can write wrongly, as YAML, and what Ansible then says, without a call to AWS.

Each row is a task of one run of Ansible, and works in a Region of that name, by which the server's journal tells the
rows apart. The modules run in Ansible's own processes, because most of the time would go into starting others.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.system.playbooks import QUICK

# Left to one worker by xdist, which runs all rows once.
pytestmark = pytest.mark.xdist_group("bad_input")

GOLDEN = "image_id: wsi-golden001\n"
ONE = 'shared_account_ids: ["111111111111"]\n'
TWELVE = "takes 12-digit AWS account IDs, and these are not: "
IMAGE_IDS = "takes image IDs: wsi- and 9 to 63 digits or lower-case letters. These are not: "

# What stands behind "shared_account_ids:", and the words that refuse it, or the accounts that it shares with. Where
# the words have dots between them, Ansible says different things there from version to version.
ACCOUNT_IDS: list[tuple[str, str | list[str]]] = [
    ("111111111111", ["111111111111"]),
    ('"012345670123"', ["012345670123"]),
    ("111111111111,222222222222", ["111111111111", "222222222222"]),
    ("[222222222222, '111111111111', 222222222222]", ["111111111111", "222222222222"]),
    ("089999999999", ["089999999999"]),
    ("[]", []),
    ('""', f"{TWELVE}''."),
    ('" "', f"{TWELVE}' '."),
    ("[null]", "shared_account_ids"),
    ("null", "state=present needs shared_account_ids"),
    ("", "state=present needs shared_account_ids"),
    ("012345670123", f"{TWELVE}'1402433619' (if 012345670123 was meant: YAML read it as an octal number, so quote it"),
    ("[000000000007]", "if 000000000007 was meant"),
    ("[0o12345670123]", f"{TWELVE}'0o12345670123'."),
    ("0x19DEBD01C7", ["111111111111"]),
    ("0b101", f"{TWELVE}'5' (if 000000000005 was meant"),
    ("111_111_111_111", ["111111111111"]),
    ("12:30:45", f"{TWELVE}'45045'"),
    ("1.23456789012e+11", f"{TWELVE}'123456789012.0'."),
    ("[1.5]", f"{TWELVE}'1.5'."),
    (".inf", f"{TWELVE}'inf'."),
    ("yes", f"{TWELVE}'True'."),
    ("[true, off]", f"{TWELVE}'False', 'True'."),
    ("2026-11-02", f"{TWELVE}'2026-11-02'."),
    ("-111111111111", f"{TWELVE}'-111111111111'."),
    ("+111111111111", ["111111111111"]),
    ('"+111111111111"', f"{TWELVE}'+111111111111'."),
    ("11111111111", f"{TWELVE}'11111111111' (if 011111111111 was meant: it lost its leading zero, so quote it"),
    ("1111111111111", f"{TWELVE}'1111111111111'."),
    ("99999999999999999999999999", f"{TWELVE}'99999999999999999999999999'."),
    ("1111-1111-1111", f"{TWELVE}'1111-1111-1111' (write it without hyphens: \"111111111111\")."),
    ('"1111 1111 1111"', f"{TWELVE}'1111 1111 1111'."),
    ('" 111111111111"', f"{TWELVE}' 111111111111' (there is white space around it)."),
    ('["111111111111\\t"]', f"{TWELVE}'111111111111\\t' (there is white space around it)."),
    ('["111111111111\\n"]', f"{TWELVE}'111111111111\\n' (there is white space around it)."),
    ("|\n  111111111111\n", f"{TWELVE}'111111111111\\n' (there is white space around it)."),
    ("|\n  111111111111\n  222222222222\n", f"{TWELVE}'111111111111\\n222222222222\\n'."),
    ('["111111111111\\r\\n"]', f"{TWELVE}'111111111111\\r\\n' (there is white space around it)."),
    ('["111111\\0111111"]', f"{TWELVE}'111111\\x00111111'."),
    ('["\\u00a0111111111111"]', f"{TWELVE}'\\xa0111111111111' (there is white space around it)."),
    ('["\\u200b111111111111"]', f"{TWELVE}'\\u200b111111111111'."),
    # Arabic-Indic digits, and full-width ones
    (f'["{chr(0x661) * 12}"]', f"{TWELVE}'{chr(0x661) * 12}'."),
    (f'["{chr(0xFF11) * 12}"]', f"{TWELVE}'{chr(0xFF11) * 12}'."),
    ('["11111111111²"]', f"{TWELVE}'11111111111²'."),
    ('["11111111111O"]', f"{TWELVE}'11111111111O'."),
    ('"111111111111, 222222222222"', f"{TWELVE}' 222222222222' (there is white space around it)."),
    ('"111111111111,"', f"{TWELVE}''."),
    ('"111111111111;222222222222"', f"{TWELVE}'111111111111;222222222222'."),
    ('"111111111111 222222222222"', f"{TWELVE}'111111111111 222222222222'."),
    ("[[111111111111]]", f"{TWELVE}"),
    ('[["111111111111", "222222222222"], "333333333333"]', f"{TWELVE}"),
    ("{id: 111111111111}", "argument 'shared_account_ids' is of type ... unable to convert to list"),
    ("[{account_id: '111111111111'}]", TWELVE),
    ("all", f"{TWELVE}'all'."),
    ('"*"', f"{TWELVE}'*'."),
    ("arn:aws:iam::111111111111:root", f"{TWELVE}'arn:aws:iam::111111111111:root'."),
    ('["111111111111", "1", "x", ""]', f"{TWELVE}'', '1' (if 000000000001 was meant"),
    ("!unsafe '{{ x }}'", f"{TWELVE}'{{{{ x }}}}'."),
    ("'{{ accounts_that_nobody_set }}'", "'accounts_that_nobody_set' is undefined"),
    ("'{{ [] | first }}'", "No first item, sequence was empty"),
    ("'{{ range(2000) | map(\"string\") | list }}'", f"{TWELVE}'0', '1' (if 000000000001 was meant"),
    ("'{{ \"7\" * 100000 }}'", f"{TWELVE}'{'7' * 60}...'."),
]

# Whole tasks, and the words that refuse them, or the accounts that they share with.
TASKS: list[tuple[str, str | list[str]]] = [
    (ONE, "one of the following is required: image_id, image_name"),
    (GOLDEN + ONE + "image_name: golden", "parameters are mutually exclusive: image_id|image_name"),
    (ONE + "image_id:", "Neither image_id nor image_name says which image is meant."),
    (ONE + 'image_id: ""', "Neither image_id nor image_name says which image is meant."),
    (ONE + "image_name: null", "Neither image_id nor image_name says which image is meant."),
    (ONE + 'image_name: ""', "Neither image_id nor image_name says which image is meant."),
    (ONE + "image_id: golden001", f"image_id {IMAGE_IDS}'golden001'."),
    (ONE + "image_id: wsi-golden01", f"{IMAGE_IDS}'wsi-golden01'."),
    (ONE + "image_id: wsi-GOLDEN001", f"{IMAGE_IDS}'wsi-GOLDEN001'."),
    (ONE + "image_id: wsi_golden001", f"{IMAGE_IDS}'wsi_golden001'."),
    (ONE + "image_id: ami-0123456789abcdef0", f"{IMAGE_IDS}'ami-0123456789abcdef0'."),
    (ONE + 'image_id: "wsi-golden001 "', f"{IMAGE_IDS}'wsi-golden001 '."),
    (ONE + 'image_id: "wsi-golden001\\n"', f"{IMAGE_IDS}'wsi-golden001\\n'."),
    (ONE + "image_id: wsi-gölden0001", f"{IMAGE_IDS}'wsi-gölden0001'."),
    (ONE + f"image_id: wsi-golden{chr(0x661) * 3}", f"{IMAGE_IDS}'wsi-golden{chr(0x661) * 3}'."),
    (ONE + f"image_id: wsi-{'a' * 64}", IMAGE_IDS),
    (ONE + "image_id: '{{ \"7\" * 100000 }}'", IMAGE_IDS),
    (ONE + "image_id: [wsi-golden001]", f"image_id {IMAGE_IDS}"),
    (ONE + "image_id: {id: wsi-golden001}", f"image_id {IMAGE_IDS}"),
    (ONE + "image_id: 123456789", f"{IMAGE_IDS}'123456789'."),
    (ONE + "image_id: '{{ image_that_nobody_set }}'", "'image_that_nobody_set' is undefined"),
    (GOLDEN + "shared_account_ids: []\npurge_accounts: true", "An empty list is mostly a template gone wrong"),
    (GOLDEN + "shared_account_ids: '{{ [] }}'\npurge_accounts: true", "state=absent with purge_accounts=true"),
    (GOLDEN + "purge_accounts: true", "state=present needs shared_account_ids"),
    (GOLDEN + "state: present", "state=present needs shared_account_ids"),
    (GOLDEN + "state: absent", "state=absent needs shared_account_ids (unshare from these accounts) or purge_accounts"),
    (GOLDEN + ONE + "state: absent\npurge_accounts: true", "state=absent takes shared_account_ids"),
    (GOLDEN + "shared_account_ids: []\nstate: absent\npurge_accounts: true", "(unshare from every account), not both."),
    (
        "image_id: x\nshared_account_ids: 1\nstate: absent\npurge_accounts: true\nwait_timeout: 0",
        "not both. image_id takes image IDs: wsi- and 9 to 63 digits or lower-case letters. These are not: 'x'."
        " wait_timeout is 0, and has to be at least 1 second. Nothing was asked of AWS, and nothing was changed.",
    ),
    (GOLDEN + ONE + "state: presnt", "value of state must be one of: present, absent, got: presnt"),
    (GOLDEN + ONE + "state: yes", "value of state must be one of: present, absent, got: True"),
    (GOLDEN + ONE + "state: ''", "value of state must be one of: present, absent"),
    (GOLDEN + ONE + "purge_accounts: maybe", "argument 'purge_accounts' is of type ... unable to convert to bool"),
    (GOLDEN + ONE + "wait: 7", "argument 'wait' is of type ... unable to convert to bool"),
    (GOLDEN + ONE + "wait_timeout: 0", "wait_timeout is 0, and has to be at least 1 second."),
    (GOLDEN + ONE + "wait_timeout: -1", "wait_timeout is -1, and has to be at least 1 second."),
    (GOLDEN + ONE + "wait_timeout: x", "argument 'wait_timeout' is of type ... unable to convert to int"),
    (GOLDEN + ONE + "wait_timeout: 1.5", "argument 'wait_timeout' is of type ... unable to convert to int"),
    (GOLDEN + ONE + "wait_timeout: 1h", "argument 'wait_timeout' is of type ... unable to convert to int"),
    (GOLDEN + ONE + f"wait_timeout: {10**30}", ["111111111111"]),
    (GOLDEN + ONE + "purge_account: true", "Unsupported parameters for"),
    (GOLDEN + ONE + "shared_accounts_ids: []", "Unsupported parameters for"),
    # Ansible warns, and takes the alias.
    (GOLDEN + ONE + 'shared_account_id: "222222222222"', ["222222222222"]),
    (GOLDEN + 'shared_account_id: "11111111111"', f"shared_account_ids {TWELVE}"),
    (GOLDEN + ONE + 'region: ""', "region"),
    (GOLDEN + ONE + "region: 'eu west 1'", "region_name 'eu west 1' doesn't match a supported format"),
    (
        GOLDEN + ONE + "profile: images\naccess_key: AKIA\nsecret_key: canary",
        "Passing both a profile and access tokens is not supported",
    ),
    (GOLDEN + ONE + "profile: images", "Passing both a profile and access tokens is not supported"),
    (GOLDEN + ONE + "aws_config: 7", "argument 'aws_config' is of type ... unable to convert to dict"),
    (GOLDEN + ONE + "endpoint_url: not a url", "Invalid endpoint"),
]

INFO: list[tuple[str, str | list[str]]] = [
    ("names: golden", []),
    ("image_ids: []", []),
    ("image_ids: wsi-golden001,wsi-golden002", []),
    ("image_ids: golden001", f"image_ids {IMAGE_IDS}'golden001'."),
    ("image_ids: [wsi-golden001, '']", f"{IMAGE_IDS}''."),
    ("image_ids: [[wsi-golden001], 7]", f"image_ids {IMAGE_IDS}"),
    ("image_ids: 'wsi-golden001, wsi-golden002'", f"{IMAGE_IDS}' wsi-golden002'."),
    ("image_ids: {id: wsi-golden001}", "argument 'image_ids' is of type ... unable to convert to list"),
    ("image_id: wsi-golden001", "Unsupported parameters for"),
    ("owner: me", "value of owner must be one of: self, shared, all, got: me"),
    ("owner: [self, shared]", "value of owner must be one of: self, shared, all"),
    ("states: available", "states must be one or more of: AVAILABLE, PENDING, ERROR. Got no match for: available"),
    ("states: [AVAILABLE, '']", "states must be one or more of: AVAILABLE, PENDING, ERROR"),
    ("include_permissions: some", "argument 'include_permissions' is of type ... unable to convert to bool"),
    ("allowed_account_ids: 012345670123", f"allowed_account_ids {TWELVE}'1402433619' (if 012345670123 was meant"),
    ("allowed_account_ids: ''", f"allowed_account_ids {TWELVE}''."),
    ("allowed_account_ids: [x]\nimage_ids: [y]", "Nothing was asked of AWS, and nothing was changed."),
    ("allowed_account_ids: []\ninclude_permissions: false", "allowed_account_ids asks who can copy the images"),
    ("names: '{{ names_that_nobody_set }}'", "'names_that_nobody_set' is undefined"),
]

ROWS = {
    f"{module}-{number}": (f"euc.aws.workspaces_image_{module}:\n{text}", expected)
    for module, rows in (
        ("permission", [(f"{GOLDEN}shared_account_ids: {ids}", expected) for ids, expected in ACCOUNT_IDS] + TASKS),
        ("info", INFO),
    )
    for number, (text, expected) in enumerate(rows)
}
TASK = """
- name: {row}
  ignore_errors: true
  environment:
    AWS_REGION: {row}
  {task}
"""


@pytest.fixture(scope="module")
def ansible(new_ansible: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One for all rows."""
    with new_ansible(tmp_path_factory.mktemp("rows")) as programs:
        yield programs


@pytest.fixture(scope="module")
def results(ansible: Any) -> dict[str, dict[str, Any]]:
    """The results of all rows."""
    ansible.server.images = [replace(image, region=row) for row in ROWS for image in ansible.server.images]
    tasks = [TASK.format(row=row, task=task.replace("\n", "\n    ")) for row, (task, _expected) in ROWS.items()]
    playbook = ansible.playbook("".join(tasks))
    run = ansible.run(
        *QUICK,
        playbook,
        ANSIBLE_STDOUT_CALLBACK="ansible.posix.json",
    )
    plays = json.loads(run.output[run.output.index("{") :])["plays"]
    return {task["task"]["name"]: task["hosts"]["localhost"] for play in plays for task in play["tasks"]}


@pytest.mark.parametrize("row", [pytest.param(row, id=ascii(task)) for row, (task, _expected) in ROWS.items()])
def test_bad_input(row: str, results: dict[str, dict[str, Any]], ansible: Any) -> None:
    expected, result = ROWS[row][1], results[row]
    calls = [call for call in ansible.server.journal if call.region == row]
    if isinstance(expected, str):
        assert result["failed"]
        assert [words for words in expected.split(" ... ") if words not in result["msg"]] == []
        assert len(result["msg"]) < 10_000
        # amazon.aws fails with one where it can't make a client.
        assert "Traceback" not in str(result) or result["msg"].startswith("Couldn't connect to AWS: ")
        assert calls == []
    else:
        assert not result.get("failed"), result["msg"]
        assert result.get("granted_account_ids", []) == expected


def test_no_call_was_made_for_another_region(results: dict[str, dict[str, Any]], ansible: Any) -> None:
    assert {call.region for call in ansible.server.journal} <= results.keys()
