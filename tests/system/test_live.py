# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make live``, against emulators that it takes for AWS, because AWS_ENDPOINT_URL leads there."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from moto.workspaces.models import workspaces_backends

from ansible_collections.euc.aws.tests.aws_server import Call, Fault, Image, State
from ansible_collections.euc.aws.tests.tools import servers
from ansible_collections.euc.aws.tests.tools.live import Record, RefusedError, Settings, read_record, read_settings

TREE = Path(__file__).parents[2]
UPDATE = "UpdateWorkspaceImagePermission"
ONE, TWO = "111111111111", "222222222222"
OWNER = "123456789012"
STRANGER = "999999999999"
GIVEN = {"LIVE_IMAGE_ID": "wsi-golden001", "LIVE_ACCOUNT_IDS": f"{TWO},{ONE}", "LIVE_REGION": "eu-west-1"}
# What the answer to a call takes where the test does something before it comes
LATE = 5


@dataclass
class Live:
    """Runs ``make live`` as a user does, from a terminal of its own."""

    ansible: Any
    record: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, variables: dict[str, str], stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Start it with these variables, some of them in the environment as the credentials are."""
        # -o: the files are laid out, and the environment is made.
        arguments = ["-C", str(TREE), "-o", "tree", f"VENV={sys.prefix}", f"BUILD={TREE.parents[2]}"]
        environment = {name: value for name, value in self.ansible.settings.items() if not name.startswith("MAKE")}
        process = subprocess.Popen(
            ["make", *arguments, f"LIVE_RECORD={self.record}", "live"],
            env=environment | variables,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def finish(self, process: subprocess.Popen[str]) -> str:
        """Wait for its end, which is that of all who hold its output, and return what it said."""
        return process.communicate(timeout=1200)[0]

    def run(self, **variables: str) -> tuple[int, str]:
        """Run it without being asked, and return how make ended and what was said."""
        process = self.start({"LIVE_YES": "true"} | variables)
        output = self.finish(process)
        return process.returncode, output

    def answer(self, answer: str, **variables: str) -> tuple[int, str]:
        """Run it on a terminal, and give the answer to its question."""
        ours, theirs = os.openpty()
        os.write(ours, f"{answer}\n".encode())
        process = self.start(variables, theirs)
        os.close(theirs)
        output = self.finish(process)
        os.close(ours)
        return process.returncode, output

    def processes(self) -> list[Any]:
        """Return the processes that run with this HOME."""
        found = psutil.process_iter(["environ", "cmdline"])
        return [one for one in found if (one.info["environ"] or {}).get("HOME") == str(self.ansible.home)]


@pytest.fixture
def live(ansible: Any, tmp_path: Path) -> Iterator[Live]:
    runner = Live(ansible, tmp_path / "live.json")
    try:
        yield runner
    finally:
        while left := runner.processes():
            for process in left:
                process.kill()
            psutil.wait_procs(left)
        for started in runner.started:
            started.communicate()


def share(server: State, *account_ids: str) -> None:
    """Let exactly these accounts have the image, before anything is asked."""
    server.images = [replace(server.images[0], shared_account_ids=frozenset(account_ids)), *server.images[1:]]


def shared(server: State) -> set[str]:
    return set(server.image("wsi-golden001").shared_account_ids)


def writes(server: State) -> list[Call]:
    return server.calls(UPDATE)


def spares(server: State, strangers: set[str]) -> bool:
    """Whether only the two accounts were ever changed, and the strangers had the image after every call."""
    seen = [call.shared_account_ids for call in server.journal if call.shared_account_ids is not None]
    changed = {call.parameters["SharedAccountId"] for call in writes(server)}
    return bool(seen) and changed <= {ONE, TWO} and all(strangers <= account_ids for account_ids in seen)


def announced(output: str) -> int:
    found = re.search(r"^Calls: at most (\d+),", output, re.MULTILINE)
    assert found, output
    return int(found[1])


# What is wrong, and the sentences on it
REFUSED: dict[str, tuple[dict[str, str], list[str]]] = {
    "nothing is given": (
        {"LIVE_IMAGE_ID": "", "LIVE_ACCOUNT_IDS": " ", "LIVE_REGION": ""},
        ["LIVE_IMAGE_ID is missing", "LIVE_REGION is missing", "LIVE_ACCOUNT_IDS is missing"],
    ),
    "everything is malformed": (
        {"LIVE_IMAGE_ID": "ami-1", "LIVE_ACCOUNT_IDS": "a1,a2", "LIVE_REGION": "Ireland", "LIVE_YES": "yes"},
        [
            "LIVE_IMAGE_ID takes image IDs",
            "LIVE_REGION is 'Ireland', which is no name of a Region.",
            "LIVE_ACCOUNT_IDS takes 12-digit AWS account IDs, and these are not: 'a1', 'a2'.",
            "LIVE_YES is 'yes', and has to be true or not given.",
        ],
    ),
    "one account": ({"LIVE_ACCOUNT_IDS": ONE}, ["LIVE_ACCOUNT_IDS takes exactly two accounts, and has 1."]),
    "three accounts": (
        {"LIVE_ACCOUNT_IDS": f"{ONE},{TWO},{STRANGER}"},
        ["LIVE_ACCOUNT_IDS takes exactly two accounts, and has 3."],
    ),
    "an account twice": ({"LIVE_ACCOUNT_IDS": f"{ONE}, {ONE}"}, ["LIVE_ACCOUNT_IDS has an account twice."]),
    "nobody to ask": ({"LIVE_YES": ""}, ["There is no terminal to ask on. LIVE_YES=true goes on without asking."]),
}


@pytest.mark.parametrize(("variables", "sentences"), REFUSED.values(), ids=REFUSED)
def test_each_variable_that_is_wrong_has_its_sentence(variables: dict[str, str], sentences: list[str]) -> None:
    with pytest.raises(RefusedError) as refused:
        read_settings(GIVEN | {"LIVE_YES": "true"} | variables, terminal=False)
    assert len(refused.value.args) == len(sentences)
    assert all(said.startswith(start) for said, start in zip(refused.value.args, sentences, strict=True))


def test_variables_that_are_right_are_taken_on_a_terminal_and_without_one() -> None:
    assert read_settings(GIVEN, terminal=True) == Settings("wsi-golden001", (ONE, TWO), "eu-west-1", False)
    assert read_settings(GIVEN | {"LIVE_YES": "true"}, terminal=False).yes


def test_without_its_variables_it_calls_nobody(live: Live, server: State) -> None:
    code, output = live.run(LIVE_YES="")
    assert code != 0
    assert "Nothing was started." in output
    assert re.findall(r"^- (LIVE_\w+|There is no terminal)", output, re.MULTILINE) == [
        "LIVE_IMAGE_ID",
        "LIVE_REGION",
        "LIVE_ACCOUNT_IDS",
        "There is no terminal",
    ]
    assert server.journal == []


def test_what_only_aws_can_tell_is_refused_before_any_change(live: Live, server: State) -> None:
    server.images.append(
        Image("wsi-foreign01", "foreign", STRANGER, "eu-west-1", shared_account_ids=frozenset([OWNER]))
    )
    server.images[0] = replace(server.images[0], state="ERROR")
    code, output = live.run(**GIVEN | {"LIVE_ACCOUNT_IDS": f"{ONE},{OWNER}"})
    assert code != 0
    assert "Image wsi-golden001 (golden) in eu-west-1 is ERROR, and can be shared only while it is AVAILABLE." in output
    assert f"LIVE_ACCOUNT_IDS has {OWNER}, which owns the image: name two other accounts." in output

    code, output = live.run(**GIVEN | {"LIVE_IMAGE_ID": "wsi-foreign01"})
    assert code != 0
    assert f"wsi-foreign01, and account {OWNER}, to which the credentials belong, owns no such image" in output
    assert writes(server) == []


@pytest.mark.parametrize(
    ("operation", "body"),
    [("GetCallerIdentity", "<html>"), ("GetCallerIdentity", "<html/>"), ("DescribeWorkspaceImages", "{}")],
)
def test_what_is_not_an_answer_of_aws_starts_nothing(operation: str, body: str, live: Live, server: State) -> None:
    server.faults = [Fault(operation, "page", body=body, times=None)]
    code, output = live.run(**GIVEN)
    assert code != 0
    assert "Nothing was started, because what answered is not AWS." in output
    assert "Traceback" not in output
    assert writes(server) == []
    assert not live.record.exists()


def test_it_says_what_comes_and_does_nothing_without_a_yes(live: Live, server: State) -> None:
    share(server, TWO, STRANGER)
    code, output = live.answer("no", **GIVEN)
    assert code != 0
    assert "Image wsi-golden001 (golden) in eu-west-1, owned by 123456789012," in output
    assert f"several times. Meanwhile they can copy it:\n  {ONE}\n  {TWO}\n" in output
    assert f"Without it at moments, though it has it now: {TWO}." in output
    assert "Others that have it: 1. They keep it, and the scenarios that purge are left out." in output
    assert output.index("Calls: at most") < output.index("Go on?") < output.index("- You did not type yes.")
    assert writes(server) == []
    assert not live.record.exists()


def test_the_scenarios_spare_everyone_else_and_make_the_calls_that_were_announced(live: Live, server: State) -> None:
    """With permissions on two pages and images on two pages."""
    strangers = {f"9{number:011d}" for number in range(30)}
    server.images += [Image(f"wsi-other{number:04d}", f"other-{number}", OWNER, "eu-west-1") for number in range(30)]
    share(server, TWO, *strangers)
    code, output = live.run(**GIVEN)
    assert code == 0, output
    assert "The scenarios hold against this account." in output
    assert shared(server) == {TWO, *strangers}
    assert spares(server, strangers)
    assert {call.error for call in writes(server)} == {None}
    assert len(server.journal) <= announced(output) <= len(server.journal) + 5
    assert not live.record.exists()


def test_scenarios_that_fail_are_followed_by_putting_back(live: Live, server: State) -> None:
    share(server, TWO, STRANGER)
    # The scenario's own preparation comes before: it takes the image from TWO and gives it to ONE.
    server.faults = [Fault(UPDATE, code="AccessDeniedException", status=400, call=3)]
    code, output = live.run(**GIVEN)
    assert code != 0
    assert "The permissions are as they were.\nThe scenarios failed, see above." in output
    assert shared(server) == {TWO, STRANGER}
    assert spares(server, {STRANGER})
    assert not live.record.exists()


def test_who_gets_the_image_meanwhile_keeps_it(live: Live, server: State, eventually: Any) -> None:
    newcomer = "888888888888"
    share(server, STRANGER)
    # The newcomer is not in the answer, and is there for all that follows.
    server.faults = [Fault("DescribeWorkspaceImagePermissions", "slow", seconds=LATE)]
    process = live.start(GIVEN | {"LIVE_YES": "true"})
    eventually(lambda: server.calls("DescribeWorkspaceImagePermissions"))
    with server.lock:
        share(server, STRANGER, newcomer)
    assert "The scenarios failed, see above." in live.finish(process)
    assert shared(server) == {STRANGER, newcomer}
    assert {call.parameters["SharedAccountId"] for call in writes(server)} == {ONE, TWO}


def test_what_can_t_be_put_back_is_told_with_its_command_and_put_back_by_the_next_start(
    live: Live, server: State
) -> None:
    share(server, TWO, STRANGER)
    server.faults = [Fault(UPDATE, code="AccessDeniedException", status=400, call=3, times=None)]
    code, output = live.run(**GIVEN)
    command = "aws workspaces update-workspace-image-permission --region eu-west-1 --image-id wsi-golden001"
    assert code != 0
    assert "THE PERMISSIONS ARE NOT AS THEY WERE.\nAn error occurred (AccessDeniedException)" in output
    assert f"{command} --shared-account-id {ONE} --no-allow-copy-image\n" in output
    assert f"{command} --shared-account-id {TWO} --allow-copy-image\n" in output
    assert "The scenarios failed" not in output
    assert shared(server) == {ONE, STRANGER}

    server.faults.clear()
    server.access_keys["ANOTHER"] = STRANGER
    code, output = live.run(**GIVEN, AWS_ACCESS_KEY_ID="ANOTHER", AWS_SESSION_TOKEN="")
    assert code != 0
    assert f"- Only credentials of account {OWNER} can put it back, and these belong to {STRANGER}." in output
    assert live.record.exists()

    code, output = live.answer("no", **GIVEN)
    assert "The permissions are as they were.\nImage wsi-golden001 (golden) in eu-west-1, owned by" in output
    assert shared(server) == {TWO, STRANGER}
    assert spares(server, {STRANGER})
    assert not live.record.exists()


def start_slowly(live: Live, server: State, eventually: Any) -> subprocess.Popen[str]:
    """Start it, and return in the middle of a module's first grant, when both accounts have the image."""
    share(server, STRANGER)
    server.faults = [Fault(UPDATE, "slow", call=2, times=2, seconds=LATE)]
    process = live.start(GIVEN | {"LIVE_YES": "true"})
    eventually(lambda: len(writes(server)) == 2)
    assert shared(server) == {ONE, TWO, STRANGER}
    return process


def test_ctrl_c_puts_back_and_another_one_does_not_stop_that(live: Live, server: State, eventually: Any) -> None:
    process = start_slowly(live, server, eventually)
    os.killpg(process.pid, signal.SIGINT)
    # In the middle of the first revoke; the second is still to come.
    eventually(lambda: len(writes(server)) == 3)
    os.killpg(process.pid, signal.SIGINT)
    output = live.finish(process)
    assert process.returncode != 0
    assert "The permissions are as they were.\nInterrupted." in output
    assert len(writes(server)) == 4
    assert shared(server) == {STRANGER}
    assert spares(server, {STRANGER})
    assert not live.record.exists()
    eventually(lambda: live.processes() == [])


def test_sigterm_puts_back_even_if_the_playbook_does_not_end(live: Live, server: State, eventually: Any) -> None:
    process = start_slowly(live, server, eventually)
    for one in live.processes():
        if any("ansible-playbook" in word for word in one.info["cmdline"]):
            one.suspend()
    process.terminate()
    assert "The permissions are as they were.\nInterrupted." in live.finish(process)
    assert process.returncode != 0
    assert shared(server) == {STRANGER}
    assert not live.record.exists()
    assert live.processes() == []


def test_a_terminal_that_is_closed_does_not_keep_it_from_putting_back(
    live: Live, server: State, eventually: Any
) -> None:
    process = start_slowly(live, server, eventually)
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    os.killpg(process.pid, signal.SIGHUP)
    eventually(lambda: not live.record.exists())
    assert shared(server) == {STRANGER}
    eventually(lambda: live.processes() == [])


def test_what_a_killed_run_left_is_put_back_by_the_next_start(live: Live, server: State, eventually: Any) -> None:
    process = start_slowly(live, server, eventually)
    code, output = live.run(**GIVEN)
    assert code != 0
    assert "- Another `make live` is running in this checkout." in output
    (program,) = (one for one in live.processes() if one.info["cmdline"][1:2] and "live.py" in one.info["cmdline"][1])
    program.kill()
    process.wait()
    assert any("ansible-playbook" in " ".join(one.info["cmdline"]) for one in live.processes())

    code, output = live.answer("no", **GIVEN)
    assert code != 0
    assert "An earlier run was killed, and image wsi-golden001 in eu-west-1 is as it left it." in output
    assert "The permissions are as they were." in output
    assert shared(server) == {STRANGER}
    assert spares(server, {STRANGER})
    assert not live.record.exists()
    # Nothing goes on changing what is put back.
    assert live.processes() == []


@pytest.mark.parametrize(
    "change",
    [
        {"mark": None},
        {"mark": ""},
        {"account_ids": [ONE, TWO, STRANGER]},
        {"account_ids": None},
        {"shared_account_ids": [STRANGER]},
        {"image_id": "golden"},
        {"region": 1},
        {"more": True},
    ],
)
def test_a_record_that_it_did_not_write_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    """With no mark in it, every process of the user's would be taken for one of the killed run's."""
    path = tmp_path / "live.json"
    record = asdict(Record(OWNER, "eu-west-1", "wsi-golden001", [ONE, TWO], [ONE], "0" * 32))
    path.write_text(json.dumps(record))
    assert asdict(read_record(path)) == record
    path.write_text(json.dumps(record | change))
    with pytest.raises(RefusedError, match="and can't be read"):
        read_record(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", "\xff"])
def test_a_record_that_is_broken_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "live.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(RefusedError, match="and can't be read"):
        read_record(path)


@dataclass
class Moto:
    """What moto holds, and how many requests it was sent."""

    settings: dict[str, str]
    requests: int = 0

    @property
    def shared(self) -> list[str]:
        """The accounts that have the image."""
        image = workspaces_backends[OWNER]["eu-west-1"].workspace_images["wsi-golden001"]
        return sorted(permission["SharedAccountId"] for permission in image.image_permissions)


class _Counter(logging.Handler):
    def __init__(self, moto: Moto) -> None:
        super().__init__()
        self.moto = moto

    def emit(self, record: logging.LogRecord) -> None:
        """Count a line of the access log."""
        self.moto.requests += 1


@pytest.fixture
def moto(live: Live) -> Iterator[Moto]:
    """Have moto in place of the strict server, with an image that only ONE has."""
    image = Image("wsi-golden001", "golden", OWNER, "eu-west-1", shared_account_ids=frozenset([ONE]))
    servers.give_to_moto([image])
    log = logging.getLogger("werkzeug")
    with servers.moto_server() as url:
        live.ansible.settings["AWS_ENDPOINT_URL"] = url
        held = Moto(live.ansible.settings)
        counter = _Counter(held)
        log.setLevel(logging.INFO)
        log.addHandler(counter)
        try:
            yield held
        finally:
            log.removeHandler(counter)


def test_with_moto_where_nobody_else_has_the_image_all_scenarios_run(live: Live, moto: Moto) -> None:
    code, output = live.run(**GIVEN)
    assert code == 0, output
    assert "Nobody else has it." in output
    assert "The scenarios hold against this account." in output
    assert moto.shared == [ONE]
    assert moto.requests <= announced(output) <= moto.requests + 5


def test_ctrl_c_with_moto_puts_back(live: Live, moto: Moto, eventually: Callable[[Callable[[], Any]], None]) -> None:
    process = live.start(GIVEN | {"LIVE_YES": "true"})
    # Given by the first scenario, and taken again by its successor some seconds later
    eventually(lambda: moto.shared == [ONE, TWO])
    os.killpg(process.pid, signal.SIGINT)
    output = live.finish(process)
    assert process.returncode != 0
    assert "The permissions are as they were.\nInterrupted." in output
    assert moto.shared == [ONE]
    assert not live.record.exists()
    eventually(lambda: live.processes() == [])
