# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the integration scenarios against a real account, and put the image's permissions back as they were.

Run by ``make live``, with the caller's own credentials and the variables that CONTRIBUTING.md tells of. Only the two
accounts that LIVE_ACCOUNT_IDS names are ever granted or revoked anything. What they had before is written into a
record first; the record is removed when they have it again, so the next run finds what a killed one left.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from ansible_collections.euc.aws.plugins.module_utils._aws.accounts import account_ids_problem
from ansible_collections.euc.aws.plugins.module_utils._images.images import image_ids_problem, image_label
from ansible_collections.euc.aws.tests.integration.targets.workspaces_image_permission.files import permissions

PLAYBOOK = Path(__file__).parents[1] / "integration" / "live.yml"
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
PAGE = 25
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
# Which processes belong to a run, whoever their parent is by now
MARK = "EUC_AWS_LIVE_RUN"
# How long an interrupted playbook may take to end by itself
PATIENCE = 20
FAILED, REFUSED, NOT_PUT_BACK = 1, 2, 3


class RefusedError(Exception):
    """Why nothing is started. Its arguments are sentences."""


@dataclass(frozen=True)
class Settings:
    """What the caller's variables say."""

    image_id: str
    account_ids: tuple[str, str]
    region: str
    yes: bool


@dataclass(frozen=True)
class Image:
    """The image as it was read, and how many pages it took to list all images of its owner."""

    owner: str
    name: str
    state: str
    shared_account_ids: list[str]
    pages: int


@dataclass(frozen=True)
class Record:
    """What has to be put back: of ``account_ids``, those in ``shared_account_ids`` had the image before.

    ``mark`` is the mark of the processes that may still change it.
    """

    owner: str
    region: str
    image_id: str
    account_ids: list[str]
    shared_account_ids: list[str]
    mark: str


def main() -> int:
    """Do all of it, and return the exit status."""
    path = Path(sys.argv[1])
    try:
        settings = read_settings(os.environ, sys.stdin.isatty())
        with only_run(path):
            return live(settings, path)
    except RefusedError as refused:
        say("Nothing was started.", *(f"- {sentence}" for sentence in refused.args))
        return REFUSED
    except (BotoCoreError, ClientError) as error:
        say(f"Nothing was started, because AWS could not be asked: {error}")
        return REFUSED
    # A sign-in page in the place of AWS's answer can't be parsed, or lacks what every answer has.
    except (ResponseParserError, KeyError) as error:
        say(f"Nothing was started, because what answered is not AWS. A proxy may stand between: {error}")
        return REFUSED
    except KeyboardInterrupt:
        say("", "Interrupted before anything was started.")
        return 128 + signal.SIGINT


def live(settings: Settings, path: Path) -> int:
    """Put back what a killed run left, tell what comes, ask, run the scenarios and put back what they changed.

    :param path: Where the record is kept meanwhile.
    :returns: The exit status.
    :raises RefusedError: If nothing is to be started.
    """
    owner = boto3.client("sts", region_name=settings.region).get_caller_identity()["Account"]
    if path.exists() and not put_back_leftovers(path, owner):
        return NOT_PUT_BACK
    image = read_image(settings, owner)
    if problems := image_problems(settings, image):
        raise RefusedError(*problems)
    say(*plan(settings, image, path))
    if not settings.yes and not is_confirmed():
        raise RefusedError("You did not type yes.")
    record = Record(
        owner,
        settings.region,
        settings.image_id,
        list(settings.account_ids),
        sorted({*settings.account_ids} & {*image.shared_account_ids}),
        uuid.uuid4().hex,
    )
    received: list[int] = []
    # From here on a signal ends the scenarios and nothing else.
    with handling(lambda number, _frame: received.append(number)):
        write(path, record)
        try:
            status = play(settings, image, record.mark, received)
        finally:
            is_back = put_back(record, path)
    if not is_back:
        return NOT_PUT_BACK
    if received:
        say("Interrupted.")
        return 128 + received[0]
    say("The scenarios failed, see above." if status else "The scenarios hold against this account.")
    return FAILED if status else 0


def read_settings(environment: Mapping[str, str], terminal: bool) -> Settings:
    """Return what the variables say.

    :param terminal: Whether there is one to ask on.
    :raises RefusedError: With a sentence on each variable that is missing or malformed.
    """
    image_id, region, yes = (environment.get(f"LIVE_{name}", "").strip() for name in ("IMAGE_ID", "REGION", "YES"))
    accounts = sorted(part.strip() for part in environment.get("LIVE_ACCOUNT_IDS", "").split(",") if part.strip())
    problems = [
        image_ids_problem([image_id], "LIVE_IMAGE_ID")
        if image_id
        else "LIVE_IMAGE_ID is missing: the ID of the image that the scenarios may share and unshare.",
        None
        if REGION.fullmatch(region)
        else f"LIVE_REGION is {region!r}, which is no name of a Region."
        if region
        else "LIVE_REGION is missing: the Region that the image is in.",
        account_ids_problem(accounts, "LIVE_ACCOUNT_IDS")
        if accounts
        else "LIVE_ACCOUNT_IDS is missing: the two accounts that may get and lose the image, with a comma between.",
        f"LIVE_ACCOUNT_IDS takes exactly two accounts, and has {len(accounts)}."
        if len(accounts) not in (0, 2)
        else None,
        "LIVE_ACCOUNT_IDS has an account twice." if len({*accounts}) < len(accounts) else None,
        f"LIVE_YES is {yes!r}, and has to be true or not given." if yes not in ("", "true") else None,
        "There is no terminal to ask on. LIVE_YES=true goes on without asking." if not yes and not terminal else None,
    ]
    if any(problems):
        raise RefusedError(*filter(None, problems))
    return Settings(image_id, (accounts[0], accounts[1]), region, yes == "true")


def is_confirmed() -> bool:
    """Ask whether to go on."""
    print("Go on? Type yes: ", end="", flush=True)
    return sys.stdin.readline().strip() == "yes"


@contextmanager
def only_run(path: Path) -> Iterator[None]:
    """Keep every other run with the same record away.

    :raises RefusedError: If there is one already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError("Another `make live` is running in this checkout.") from None
        yield


def read_image(settings: Settings, owner: str) -> Image:
    """Return the image as it is.

    :raises RefusedError: If the caller does not own it.
    """
    client = workspaces(settings.region)
    paginator = client.get_paginator("describe_workspace_images")
    pages = list(paginator.paginate(ImageType="OWNED", PaginationConfig={"PageSize": PAGE}))
    images = [image for page in pages for image in page["Images"] if image["ImageId"] == settings.image_id]
    if not images:
        raise RefusedError(
            f"LIVE_IMAGE_ID is {settings.image_id}, and account {owner}, to which the credentials belong, owns no such"
            f" image in {settings.region}."
        )
    shared = permissions.read(client, settings.image_id)
    return Image(owner, images[0]["Name"], images[0].get("State", "unknown"), sorted(shared), len(pages))


def image_problems(settings: Settings, image: Image) -> list[str]:
    """Return sentences on why the scenarios can't use the image, or these accounts with it."""
    problems = []
    if image.state != "AVAILABLE":
        label = image_label(settings.image_id, image.name, settings.region)
        problems.append(f"Image {label} is {image.state}, and can be shared only while it is AVAILABLE.")
    if image.owner in settings.account_ids:
        problems.append(f"LIVE_ACCOUNT_IDS has {image.owner}, which owns the image: name two other accounts.")
    return problems


def plan(settings: Settings, image: Image, path: Path) -> list[str]:
    """Return lines that tell what is going to happen."""
    others = sorted({*image.shared_account_ids} - {*settings.account_ids})
    before = [account_id for account_id in settings.account_ids if account_id in image.shared_account_ids]
    lines = [
        f"Image {image_label(settings.image_id, image.name, settings.region)}, owned by {image.owner},",
        "is shared with these accounts and unshared again, several times. Meanwhile they can copy it:",
        *(f"  {account_id}" for account_id in settings.account_ids),
    ]
    if before:
        lines.append(f"Without it at moments, though it has it now: {', '.join(before)}.")
    if others:
        lines.append(f"Others that have it: {len(others)}. They keep it, and the scenarios that purge are left out.")
    else:
        lines.append("Nobody else has it. Share it with nobody else meanwhile: two scenarios purge who is not named.")
    return [
        *lines,
        f"Calls: at most {most_calls(image, others)}, besides those that AWS throttles, which are made again.",
        f"At the end, however it comes, both accounts have what they have now. Until then that is kept in {path}.",
    ]


def most_calls(image: Image, others: list[str]) -> int:
    """Return how many calls the scenarios, and what is around them, make at most.

    A test holds the numbers against the journal of the strict server.
    """
    permission_reads, looks, listings, writes = (50, 11, 7, 10) if others else (66, 14, 7, 18)
    pages = -(-(len(others) + 2) // PAGE)
    return 1 + permission_reads * pages + looks + listings * image.pages + writes


def play(settings: Settings, image: Image, mark: str, received: list[int]) -> int:
    """Run the scenarios until they end or a signal comes, and leave no process of theirs.

    :param received: The signals that came so far, which a handler adds to.
    :returns: The exit status of the playbook.
    """
    subject = {
        "emulator": False,
        "image_id": settings.image_id,
        "image_name": image.name,
        "owner": image.owner,
        "accounts": settings.account_ids,
        "others": sorted({*image.shared_account_ids} - {*settings.account_ids}),
    }
    variables = {
        "aws_options": {"region": settings.region},
        "aws_environment": {"AWS_DEFAULT_REGION": settings.region},
        "subject": subject,
    }
    process = subprocess.Popen(
        [Path(sys.executable).parent / "ansible-playbook", PLAYBOOK, "-e", json.dumps(variables)],
        env=ansible_environment() | {MARK: mark},
        stdin=subprocess.DEVNULL,
        # So that Ctrl-C in the terminal reaches it once and by way of this program
        start_new_session=True,
    )
    while process.poll() is None and not received:
        time.sleep(0.05)
    if received:
        process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
    end_all(mark)
    return process.wait()


def ansible_environment() -> dict[str, str]:
    """Return the caller's environment without settings of Ansible's, whose files go beside the collections."""
    collections = os.environ["ANSIBLE_COLLECTIONS_PATH"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return inherited | {
        "ANSIBLE_COLLECTIONS_PATH": collections,
        "ANSIBLE_CONFIG": str(PLAYBOOK.parents[2] / "demo" / "ansible.cfg"),
        "ANSIBLE_HOME": f"{collections}/live",
        "ANSIBLE_REMOTE_TMP": f"{collections}/live/tmp",
        "ANSIBLE_ROLES_PATH": str(PLAYBOOK.parent / "targets"),
        "ANSIBLE_FORCE_COLOR": str(sys.stdout.isatty()),
    }


def end_all(mark: str) -> None:
    """Kill what is left of a run's processes, so that nothing changes the image any more."""
    while left := [process for process in psutil.process_iter(["environ"]) if _is_marked(process, mark)]:
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        time.sleep(0.05)


def _is_marked(process: Any, mark: str) -> bool:
    return (process.info["environ"] or {}).get(MARK) == mark


def put_back_leftovers(path: Path, owner: str) -> bool:
    """Put back what a run left that was killed. Return whether that worked.

    :raises RefusedError: If it was a run with another account's credentials, or the record is no record.
    """
    record = read_record(path)
    say(f"An earlier run was killed, and image {record.image_id} in {record.region} is as it left it.")
    if record.owner != owner:
        raise RefusedError(
            f"Only credentials of account {record.owner} can put it back, and these belong to {owner}. {path} tells"
            " what it was like; remove the file if that is settled."
        )
    with handling(signal.SIG_IGN):
        end_all(record.mark)
        return put_back(record, path)


def read_record(path: Path) -> Record:
    """Return the record of a run that was killed.

    :raises RefusedError: If the file holds something else. Whose permissions to change, and which processes to end, is
        taken from nothing that this program did not write: without a mark, for example, every process would have it.
    """
    try:
        record = Record(**json.loads(path.read_text()))
        is_record = bool(
            REGION.fullmatch(record.region)
            and re.fullmatch("[0-9a-f]{32}", record.mark)
            and not image_ids_problem([record.image_id], "image_id")
            and len(record.account_ids) == 2
            and not account_ids_problem(record.account_ids, "account_ids")
            and {*record.shared_account_ids} <= {*record.account_ids}
        )
    except (TypeError, ValueError):
        is_record = False
    if not is_record:
        raise RefusedError(
            f"{path} should tell what an earlier run has to put back, and can't be read. See yourself who has the"
            " image, and then remove the file."
        )
    return record


def put_back(record: Record, path: Path) -> bool:
    """Give the accounts of a record what they had, and remove the record. Return whether that worked."""
    say(f"Putting the permissions of image {record.image_id} back. This can't be interrupted.")
    had = {*record.shared_account_ids}
    wrong = {*record.account_ids}
    errors = []
    # Whatever goes wrong, the caller is told what is left to do.
    try:
        client = workspaces(record.region)
        for account_id in sorted(wrong & (permissions.read(client, record.image_id) ^ had)):
            try:
                permissions.update(client, record.image_id, account_id, account_id in had)
            except (BotoCoreError, ClientError) as error:
                errors.append(error)
        wrong &= permissions.read(client, record.image_id) ^ had
    except Exception as error:
        errors.append(error)
    if not wrong:
        path.unlink()
        say("The permissions are as they were.")
        return True
    say("", "THE PERMISSIONS ARE NOT AS THEY WERE.", *map(str, errors), "Put them back by:")
    say(*(update_command(record, account_id) for account_id in sorted(wrong)))
    say(f"or by `make live`, which does it first as long as {path} is there.")
    return False


def update_command(record: Record, account_id: str) -> str:
    """Return the command of the AWS CLI that gives an account what it had."""
    allow = "--allow-copy-image" if account_id in record.shared_account_ids else "--no-allow-copy-image"
    return (
        f"aws workspaces update-workspace-image-permission --region {record.region} --image-id {record.image_id}"
        f" --shared-account-id {account_id} {allow}"
    )


def write(path: Path, record: Record) -> None:
    """Write the record so that it is there as a whole, and stays there, before anything is changed."""
    draft = path.with_suffix(".new")
    with draft.open("w") as file:
        json.dump(asdict(record), file)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def workspaces(region: str) -> Any:
    """Make a client that has patience with throttling."""
    return boto3.client("workspaces", region_name=region, config=permissions.CONFIG)


@contextmanager
def handling(handler: Callable[[int, Any], object] | signal.Handlers) -> Iterator[None]:
    """Meet the signals that end a run with a handler."""
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def say(*lines: str) -> None:
    """Print lines. That the terminal or the reader is gone stops nothing."""
    with suppress(OSError):
        print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
