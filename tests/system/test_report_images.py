# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that writes the report on a fleet's images, and its templates."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Bundle, Fault, Image, Role
from ansible_collections.euc.aws.tests.system.pages import Elements, cells, sections
from ansible_collections.euc.aws.tests.system.playbooks import QUICK, play, survey

CALLER, OWNER = "123456789012", "999999999999"
A, B, C, D, E = (f"{digit}" * 12 for digit in "12345")
IRELAND, VIRGINIA = "eu-west-1", "us-east-1"
LOOK, LOOK_AT_BUNDLES = "DescribeWorkspaceImages", "DescribeWorkspaceBundles"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def role(account: str) -> str:
    """The role that a host names."""
    return f"arn:aws:iam::{account}:role/report"


def host(account: str, region: str, **more: Any) -> dict[str, Any]:
    """The variables of a host; with None for one that it does not have."""
    variables = {"aws_account_id": account, "aws_region": region, "assume_role_arn": role(account), **more}
    return {name: value for name, value in variables.items() if value is not None}


def image(number: int, name: str, owner: str, region: str = IRELAND, day: int | None = 1, **more: Any) -> Image:
    """An image that was created on that day of November 2026, with a copy's tag if `source` names its number."""
    source = more.pop("source", None)
    tags = {"euc.aws/source": f"{OWNER}/{IRELAND}/wsi-{source:09}"} if source else {}
    created = datetime(2026, 11, day, 8, 30, tzinfo=UTC).timestamp() if day else None
    return Image(f"wsi-{number:09}", name, owner, region, created=created, tags=tags, **more)


def bundle(number: int, name: str, of: Image, **more: Any) -> Bundle:
    """A bundle on an image."""
    return Bundle(f"wsb-{number:09}", name, of.owner, of.image_id, of.region, **more)


def fleet(ansible: Any, hosts: dict[str, dict[str, Any]]) -> tuple[str, str]:
    """Write an inventory, let the caller into every account, and return the arguments that name the inventory."""
    accounts = {variables.get("aws_account_id", A) for variables in hosts.values()}
    ansible.server.roles += [Role(role(account), frozenset({CALLER})) for account in accounts - {E}]
    ansible.modules_in_process = True
    return "-i", str(ansible.write("fleet.json", json.dumps({"all": {"hosts": hosts}})))


def files(ansible: Any) -> tuple[str, list[list[str]]]:
    """The page, and the cells of the CSV file."""
    # As it is: to read it as text would make a new line of a return.
    page, table = ((ansible.home / f"images.{kind}").read_bytes().decode() for kind in ("html", "csv"))
    return page, cells(table)


OLD = image(1, "golden-10", OWNER, day=1)
NEW = image(2, "golden-11", OWNER, day=5)
PLACES = {
    "d": host(D, IRELAND),
    "a.virginia": host(A, VIRGINIA, aws_account_name="Team A"),
    "a.ireland": host(A, IRELAND, aws_account_name="Team A"),
    "b": host(B, IRELAND),
    "c": host(C, IRELAND),
    "owner": host(OWNER, IRELAND),
}
OF_A, OF_VIRGINIA = image(3, "golden-11", A, day=6, source=2), image(4, "golden-11", A, VIRGINIA, day=6, source=2)
OLD_OF_A = image(5, "golden-10", A, VIRGINIA, day=2, source=1)
# Copied last of all, and no newer for that.
OLD_OF_B = image(6, "golden-10", B, day=28, source=1)
YOUNG = image(7, "golden-11", C, day=7, source=2, pending_looks=99)
BROKEN = image(
    8,
    "golden-11",
    D,
    day=7,
    source=2,
    state="ERROR",
    error_code="DomainJoined",
    error_message="Leave the domain.",
    error_details=[{"ErrorCode": "AutoLogon", "ErrorMessage": "Switch it off."}],
)
IMAGES = [OLD, NEW, OF_A, OF_VIRGINIA, OLD_OF_A, OLD_OF_B, YOUNG, BROKEN]
BUNDLES = [
    bundle(1, "desktop", OF_A),
    bundle(2, "desktop", OF_VIRGINIA),
    bundle(3, "laptop", OLD_OF_A, state="ERROR"),
    bundle(4, "desktop", OLD_OF_B),
]
GOOD, BEHIND, MISSING = "[has the newest]", "[bundles lag]", "[lacks the newest]"
MAKING, ERROR, UNREAD = "[is being made]", "[is in state ERROR]", "[not read]"


def row(name: str, at: Image | None, lags: str, newest: str, of: Bundle | None = None, behind: str = "") -> list[str]:
    """The row that the CSV file should have of an image, and of a bundle on it."""
    place = PLACES[name]
    first = [name, place["aws_account_id"], place.get("aws_account_name", ""), place["aws_region"], "", lags]
    if at is None:
        return [*first, *[""] * 11]
    created = datetime.fromtimestamp(at.created or 0, UTC).isoformat()
    state = "PENDING" if at.pending_looks else at.state
    reasons = "DomainJoined: Leave the domain. AutoLogon: Switch it off." if at.state == "ERROR" else ""
    second = [at.image_id, at.name, state, created, at.tags.get("euc.aws/source", ""), newest, reasons]
    return [*first, *second, *([of.bundle_id, of.name, of.state, behind] if of else [""] * 4)]


def test_who_has_what_and_who_lags(ansible: Any, server: Any) -> None:
    server.images, server.bundles = IMAGES, BUNDLES
    inventory = fleet(ansible, PLACES)
    ansible.modules_in_process = False
    answers = {"report_dest": "~/.", "report_image_names": None, "report_newest_image_name": ""}
    ansible.settings["ANSIBLE_STRATEGY"] = "free"
    said, dry = play(ansible, "report_images", answers, *inventory, "--check")
    assert list(ansible.home.glob("images.*")) == []
    assert said[-1][0] == f"Would be in {ansible.home}: images.html and images.csv"
    mask = os.umask(0o077)
    try:
        said, artifacts = play(ansible, "report_images", answers, *inventory)
    finally:
        os.umask(mask)
    assert [(ansible.home / f"images.{kind}").stat().st_mode & 0o777 for kind in ("html", "csv")] == [0o644, 0o644]
    laptop = {"host": "a.virginia", "account_id": A, "region": VIRGINIA, "bundle_id": "wsb-000000003"}
    desktop = {"host": "b", "account_id": B, "region": IRELAND, "bundle_id": "wsb-000000004"}
    assert dry == artifacts
    assert artifacts == {
        "report_host_count": 6,
        "report_unread_host_count": 0,
        "report_unread_hosts": [],
        "report_lagging_host_count": 3,
        "report_lagging_hosts": ["b", "c", "d"],
        "report_lagging_bundle_count": 2,
        "report_lagging_bundles": [
            {**laptop, "bundle_name": "laptop", "image_id": OLD_OF_A.image_id, "image_name": "golden-10"},
            {**desktop, "bundle_name": "desktop", "image_id": OLD_OF_B.image_id, "image_name": "golden-10"},
        ],
        "report_image_count": 8,
        "report_image_error_count": 1,
        "report_newest_release": "golden-11",
        "report_newest_sources": [f"{OWNER}/{IRELAND}/{NEW.image_id}"],
    }
    # To the next jobs of a workflow they are answers, which beat those of a survey.
    assert artifacts.keys().isdisjoint(question["variable"] for question in survey("report_images")["spec"])
    assert said[-1] == [
        f"Report in {ansible.home}: images.html and images.csv",
        "Hosts: 6. Images: 8. Newest: golden-11. Hosts without it: 3. Bundles without it: 2.",
        "Hosts that could not be read: 0. Images in state ERROR: 1.",
    ]
    page, table = files(ansible)
    seen = sections(page)
    assert list(seen) == [
        "Where our WorkSpaces images are",
        "Account by account",
        "Who lags behind",
        "Images in state ERROR",
        "What the newest was made from",
        "All images",
    ]
    head = seen["Where our WorkSpaces images are"]
    assert head.startswith("6 of the 6 hosts in the inventory, each an account in a Region · 20")
    assert (
        "Newest: golden-11 Hosts without it: 3 Bundles without it: 2 Images in state ERROR: 1 An image and its copies"
        in head
    )
    assert "created on 2026-11-05 at 08:30 UTC" in head
    assert seen["Account by account"].partition("could not be read ")[2] == (
        f"Accounts and Regions Account {IRELAND} {VIRGINIA}"
        f" {A} Team A {GOOD} {BEHIND} {B} {MISSING} {C} {MAKING} {D} {ERROR} {OWNER} {GOOD}"
    )
    assert seen["Who lags behind"].partition("Bundles that lag ")[2] == (
        f"{B} {IRELAND} b not there golden-10 desktop golden-10"
        f" {C} {IRELAND} c PENDING {D} {IRELAND} d ERROR"
        f" {A} {VIRGINIA} Team A AVAILABLE laptop golden-10"
    )
    assert seen["Images in state ERROR"].partition("What AWS says ")[2] == (
        f"golden-11 wsi-000000008 {D} {IRELAND} d DomainJoined: Leave the domain. AutoLogon: Switch it off."
    )
    assert seen["What the newest was made from"] == f"{OWNER}/{IRELAND}/{NEW.image_id}: 5"
    details = seen["All images"].partition("Made from Bundles ")[2]
    assert details.startswith(
        f"{A} {IRELAND} Team A a.ireland golden-11 wsi-000000003 AVAILABLE 2026-11-06 08:30"
        f" {OWNER}/{IRELAND}/wsi-000000002 desktop {A} {VIRGINIA} Team A a.virginia"
        f" golden-10 wsi-000000005 AVAILABLE 2026-11-02 08:30 {OWNER}/{IRELAND}/wsi-000000001 laptop (ERROR), lags"
        f" golden-11 wsi-000000004"
    )
    header = (ansible.home / "images.csv").read_text().splitlines()[0]
    assert header.startswith('"host","account_id","account_name","region","not_read","host_lags","image_id",')
    assert table == [
        row("a.ireland", OF_A, "no", "yes", BUNDLES[0], "no"),
        row("a.virginia", OLD_OF_A, "no", "no", BUNDLES[2], "yes"),
        row("a.virginia", OF_VIRGINIA, "no", "yes", BUNDLES[1], "no"),
        row("b", OLD_OF_B, "yes", "no", BUNDLES[3], "yes"),
        row("c", YOUNG, "yes", "yes"),
        row("d", BROKEN, "yes", "yes"),
        row("owner", OLD, "no", "no"),
        row("owner", NEW, "no", "yes"),
    ]
    assert {call.operation for call in server.journal} == {LOOK, LOOK_AT_BUNDLES, "DescribeTags", "AssumeRole"}


def of_case(number: int) -> tuple[str, str]:
    """The account that a case has for itself, and what the tags of its images in Ireland begin with."""
    return f"6{number:011}", f"6{number:011}/{IRELAND}/wsi-"


def release(number: int, *images: tuple[Any, ...]) -> list[Image]:
    """Images of a case: the number in it, name, day and Region of each, its source in Ireland, and its state."""
    account, source = of_case(number)
    return [
        replace(
            image(100 * number + nth, name, account, region, day, state=state),
            tags={"euc.aws/source": made_from if "/" in made_from else f"{source}{100 * number + int(made_from):09}"}
            if made_from
            else {},
        )
        for nth, name, day, region, made_from, state in images
    ]


NEWEST = "report_newest_image_name"
NOT_READ = "The newest is the one that report_newest_image_name names. No image of that name was read."
DONE, DOING = "AVAILABLE", "PENDING"
# What is there, what is asked for, whether the hosts in Ireland and in Virginia lag, what the newest is there, and what
# the page says.
CASES: dict[str, tuple[list[tuple[Any, ...]], dict[str, Any], list[str], list[str], list[str]]] = {
    "a copy of a copy, under another name, is of the release that it comes from": (
        [
            (1, "golden-10", 1, IRELAND, "", DONE),
            (2, "golden-11", 2, IRELAND, "", DONE),
            (3, "golden-11b", 3, IRELAND, "2", DONE),
            (4, "desk", 4, VIRGINIA, "3", DONE),
        ],
        {},
        ["no", "no"],
        ["golden-11", "golden-11b", "desk"],
        ["Newest: golden-11 "],
    ),
    "copies of an image that was not read are one release, which began with the first": (
        [
            (1, "golden-11", 8, IRELAND, f"{OWNER}/{IRELAND}/wsi-000000099", DONE),
            (2, "golden-eleven", 7, VIRGINIA, f"{OWNER}/{IRELAND}/wsi-000000099", DONE),
        ],
        {},
        ["no", "no"],
        ["golden-11", "golden-eleven"],
        ["Newest: golden-11 ", "created on 2026-11-07", f"{OWNER}/{IRELAND}/wsi-000000099: 2"],
    ),
    "where no tag tells it, the name does, and the page says that the sources differ": (
        [
            (1, "golden-11", 2, IRELAND, "", DONE),
            (2, "golden-11", 3, VIRGINIA, f"{OWNER}/{IRELAND}/wsi-000000098", DONE),
        ],
        {},
        ["no", "no"],
        ["golden-11", "golden-11"],
        ["no tag tells it: 1", "wsi-000000098: 1", "do not come from one image may differ."],
    ),
    "an image whose time AWS does not tell makes its release no older": (
        [
            (1, "golden-10", 1, IRELAND, "", DONE),
            (2, "golden-11", 2, VIRGINIA, "", DONE),
            (3, "golden-11", None, IRELAND, "", DONE),
            (4, "golden-12", None, IRELAND, "", DOING),
        ],
        {},
        ["no", "no"],
        ["golden-11", "golden-11"],
        ["Newest: golden-11 ", "created on 2026-11-02"],
    ),
    "where AWS tells no time at all, the page tells none": (
        [(1, "golden-10", None, IRELAND, "", DONE)],
        {},
        ["no", "yes"],
        ["golden-10"],
        ["Newest: golden-10 ", "AWS did not tell when the first of its images was created."],
    ),
    "what nobody can use yet is no newest": (
        [(1, "golden-10", 1, IRELAND, "", DONE), (2, "golden-11", 2, IRELAND, "", DOING)],
        {},
        ["no", "yes"],
        ["golden-10"],
        ["Newest: golden-10 "],
    ),
    "the one that is named is the newest": (
        [(1, "golden-10", 1, IRELAND, "", DONE), (2, "golden-11", 2, VIRGINIA, "", DONE)],
        {NEWEST: " golden-10 "},
        ["no", "yes"],
        ["golden-10"],
        ["Newest: golden-10 ", "The newest is the one that report_newest_image_name names."],
    ),
    "behind one that is named and is nowhere, everybody lags": (
        [(1, "golden-10", 1, IRELAND, "", DONE)],
        {NEWEST: "golden-12"},
        ["yes", "yes"],
        [],
        ["Newest: golden-12 ", NOT_READ],
    ),
    "only what is named is read": (
        [
            (1, "golden-10", 1, IRELAND, "", DONE),
            (2, "gpu-11", 2, IRELAND, "", DONE),
            (3, "golden-9", 1, VIRGINIA, "", DONE),
        ],
        {"report_image_names": "golden-1?, # ours\nsilver"},
        ["no", "yes"],
        ["golden-10"],
        ["only images named golden-1?, silver, and bundles on them", "Bundles without it: 0"],
    ),
    "where nothing is, nobody lags": (
        [],
        {},
        ["", ""],
        [],
        [
            "Newest: not known Hosts without it: not looked for",
            "there is no newest, and nobody lags behind it.",
            "[read]",
        ],
    ),
    "tags that lead in a circle end": (
        [(1, "golden-10", 1, IRELAND, "2", DONE), (2, "golden-11", 2, IRELAND, "1", DONE)],
        {},
        ["no", "yes"],
        ["golden-11"],
        [],
    ),
}


def test_which_release_is_the_newest(ansible: Any, server: Any) -> None:
    """In one run, because each would start Ansible anew."""
    hosts: dict[str, Any] = {}
    commands = []
    server.images, server.bundles = [], []
    for number, (images, answers, *_expected) in enumerate(CASES.values()):
        account, _source = of_case(number)
        (ansible.home / str(number)).mkdir()
        hosts |= {f"{number}.{region}": host(account, region) for region in (IRELAND, VIRGINIA)}
        server.images += release(number, *images)
        server.bundles += [
            bundle(number, "gpu", image) for image in release(number, *images) if image.name.startswith("gpu")
        ]
        given = ansible.write(f"{number}.json", json.dumps({"report_dest": str(number), **answers}))
        commands.append(("euc.aws.report_images", "-e", f"@{given}", "--limit", f"{number}.*"))
    inventory = fleet(ansible, hosts)
    started = [ansible.start(*QUICK, *inventory, *command) for command in commands]
    runs = [ansible.finish(process) for process in started]
    assert [run.errors for run in runs if run.code] == []
    for number, (name, (_images, _answers, lags, newest, words)) in enumerate(CASES.items()):
        page, table = (ansible.home / f"{number}/images.{kind}" for kind in ("html", "csv"))
        rows = cells(table.read_text())
        seen = " ".join(sections(page.read_text()).values())
        assert (name, list({row[0]: row[5] for row in rows}.values())) == (name, lags)
        assert (name, [row[7] for row in rows if row[11] == "yes"]) == (name, newest)
        assert (name, [word for word in words if word not in seen]) == (name, [])
        assert f"2 of the {2 * len(CASES)} hosts in the inventory" in seen
        is_told = "may differ, as they do not come from one" in runs[number].output
        assert (name, is_told) == (name, "may differ." in seen)


UNREAD_HOSTS: dict[str, tuple[dict[str, Any], str]] = {
    "no account": (host(A, IRELAND, aws_account_id=None), "aws_account_id has to be the 12 digits of an account"),
    "no account's number": (host(A, IRELAND, aws_account_id=12), "aws_account_id has to be the 12 digits of an"),
    "no region": (host(A, IRELAND, aws_region=""), "aws_region has to be a Region, such as eu-west-1"),
    "no way in": (
        host(A, IRELAND, assume_role_arn=None),
        f"The credentials are of account {CALLER}, and aws_account_id is {A}.",
    ),
    "no role": (host(A, IRELAND, assume_role_arn="images"), "assume_role_arn has to be the ARN of a role, such as"),
    "another's role": (
        host(A, IRELAND, assume_role_arn=role(B)),
        f"assume_role_arn is of account {B}, and aws_account_id is {A}.",
    ),
    "only an external id": (
        host(A, IRELAND, assume_role_arn=None, profile="a", assume_role_external_id="x1"),
        "assume_role_external_id goes with assume_role_arn, which is not given.",
    ),
    "a template": (host(A, IRELAND, assume_role_arn="{{ 1 / 0 }}"), "What the inventory says of it can not be worked"),
    "a template beside the role": (host(A, IRELAND, assume_role_external_id="{{ 1 / 0 }}"), "division by zero"),
    "a role that refuses": (host(E, IRELAND), f"The role {role(E)} could not be assumed"),
    "another's profile": (
        host(A, IRELAND, assume_role_arn=None, profile="b"),
        f"The credentials are of account {B}, and aws_account_id is {A}.",
    ),
    "no profile": (host(A, IRELAND, assume_role_arn=None, profile="z"), "AWS did not tell whose the credentials are. "),
    "a page": (
        host(C, VIRGINIA, assume_role_arn=None, profile="c"),
        "AWS did not tell whose the credentials are. A proxy or a sign-in page mostly answers in place of AWS.",
    ),
    "images refused": (host(B, VIRGINIA), "You may not look."),
    "bundles refused": (host(D, IRELAND), "You may not look at bundles."),
}


def test_a_host_that_can_not_be_read_is_told_with_the_reason(
    ansible: Any, server: Any, credentials: dict[str, str]
) -> None:
    server.images = [image(1, "golden-11", A), image(2, "golden-11", D)]
    server.access_keys |= {f"KEY{name}": account for name, account in (("a", A), ("b", B), ("c", C))}
    profile = "[{0}]\naws_access_key_id = KEY{0}\naws_secret_access_key = canary0SECRET\n"
    # Beside keys in the environment amazon.aws takes no profile.
    lines = [f"{name.lower()} = {ansible.settings.pop(name)}\n" for name in credentials]
    ansible.write("aws_credentials", "".join(["[default]\n", *lines, *map(profile.format, "abc")]))
    refused: dict[str, Any] = {"times": None, "status": 400, "code": "AccessDeniedException"}
    server.faults = [
        Fault(LOOK, region=VIRGINIA, message="You may not look.", **refused),
        Fault("GetCallerIdentity", "page", region=VIRGINIA, times=None, body=""),
        Fault(LOOK_AT_BUNDLES, message="You may not look at bundles.", **refused),
    ]
    good = {"by profile": host(A, IRELAND, assume_role_arn=None, profile="a")}
    # The first of them, which is not read, brings all together.
    hosts = {name: variables for name, (variables, _words) in UNREAD_HOSTS.items()} | good
    inventory = fleet(ansible, hosts)
    # In a process of its own a module may end without a word.
    ansible.modules_in_process = False
    said, artifacts = play(ansible, "report_images", {"report_dest": str(ansible.home)}, *inventory)
    told = {"by profile": "You may not look at bundles."} | {name: words for name, (_v, words) in UNREAD_HOSTS.items()}
    page, table = files(ansible)
    unread = {row[0]: row[4] for row in table}
    assert {name: unread[name] for name, words in told.items() if words not in unread[name]} == {}
    assert sorted(unread) == sorted(hosts)
    assert artifacts["report_unread_host_count"] == len(hosts)
    assert sorted(artifacts["report_unread_hosts"]) == sorted(hosts)
    # Where the images were read, and only the bundles were not, they count.
    assert (artifacts["report_newest_release"], artifacts["report_lagging_hosts"]) == ("golden-11", [])
    seen = sections(page)
    told_there = seen["Hosts that could not be read"].split()
    assert [name for name, words in told.items() if words.split()[-1] not in told_there] == []
    assert [name for name, words in told.items() if words not in " ".join(said[-1])] == []
    assert f"- images refused: {unread['images refused']}" in said[-1]
    assert seen["Who lags behind"] == "Nobody among the hosts that could be read."
    assert f"{D} {GOOD} {UNREAD}" in seen["Account by account"]
    assert {call.account for call in server.calls(LOOK)} == {A, B, D}


FIRST_LETTERS = "=+-@\t\r"


def attempt(first: str, field: str) -> str:
    """A text that is markup, a formula and a template, if anybody takes it for one."""
    return f"{first}\"><i data-x='&{field}&amp;{{{{ 7 * 7 }}}}'>"


def test_no_text_becomes_markup_a_formula_or_a_template(ansible: Any, server: Any) -> None:
    """Everything that AWS and the inventory tell may be somebody's attempt."""
    hosts, faults, told = {}, [], []
    server.images, server.bundles = [], []
    for number, first in enumerate(FIRST_LETTERS, 1):
        name, state, code, message, account_name, desktop = (
            attempt(first, f"{field}{number}") for field in ("name", "state", "code", "message", "account", "bundle")
        )
        account, regions = f"7{number:011}", (IRELAND, f"eu-west-{number + 1}")
        told += [name, state, code, message, account_name, desktop]
        images = [
            image(10 * number, name, account, day=number),
            image(10 * number + 1, name, account, state=state),
            image(10 * number + 2, "broken", account, state="ERROR", error_code=code, error_message=message),
        ]
        server.images += images
        server.bundles += [bundle(number, desktop, images[0]), bundle(10 + number, desktop, images[2], state=state)]
        variables = host(account, IRELAND, aws_account_name={"__ansible_unsafe": account_name})
        hosts[f"{first.strip() or 'x'}{number}<i data-x='&host{number}&amp;'>"] = variables
        hosts[f"unread{number}"] = {**variables, "aws_region": regions[1]}
        faults.append(Fault(LOOK, region=regions[1], times=None, status=400, code="InvalidX", message=message))
    server.faults = faults
    _said, artifacts = play(ansible, "report_images", {"report_dest": str(ansible.home)}, *fleet(ansible, hosts))
    page, table = files(ansible)
    found = Elements(page)
    assert "i" not in found.tags
    assert "data-x" not in found.values
    seen = unescape(page)
    assert [text for text in [*told, *hosts] if text not in seen] == []
    assert attempt("\r", "bundle6") in artifacts["report_lagging_bundles"][-1].values()
    in_table = {cell for line in table for cell in line}
    assert [cell for cell in in_table if cell.startswith(tuple(FIRST_LETTERS))] == []
    assert [text for text in told if not any(text in cell for cell in in_table)] == []


def test_a_report_that_nobody_is_in_is_no_success(ansible: Any, server: Any) -> None:
    inventory = fleet(ansible, {"e": host(E, IRELAND)})
    said, artifacts = play(ansible, "report_images", {"report_dest": str(ansible.home)}, *inventory, code=2)
    assert said[-1] == "No host could be read, for the reasons above."
    assert artifacts["report_unread_hosts"] == ["e"]
    assert f"The role {role(E)} could not be assumed" in files(ansible)[1][0][4]


def test_what_is_not_clear_is_refused_before_any_call(ansible: Any, server: Any) -> None:
    inventory = fleet(ansible, {"a": host(A, IRELAND)})
    wrong = {"report_dest": ["."], "report_image_names": ["# none yet", ""], "report_newest_image_name": ["golden"]}
    said, artifacts = play(ansible, "report_images", wrong, *inventory, code=2)
    assert said[-1] == " ".join(
        [
            "Name an existing directory for the report, such as -e report_dest=/var/www/reports.",
            "report_image_names names no image, and yet is not empty. Leave it out to report on every image.",
            "report_newest_image_name takes the name of one image.",
            "Nothing was asked of AWS, and no report was written.",
        ]
    )
    assert (artifacts, server.journal) == ({}, [])


@pytest.mark.parametrize("limit", [(), ("--limit", "b")], ids=["everywhere", "one host"])
def test_a_report_on_no_hosts_is_no_success(limit: tuple[str, ...], ansible: Any, server: Any) -> None:
    run = ansible.run("ansible-playbook", "euc.aws.report_images", "-e", "report_dest=.", *limit)
    assert run.code != 0
    assert "The inventory has no hosts." in " ".join((run.output + run.errors).split())
    assert server.journal == []


def test_under_a_limit_the_page_says_how_many_hosts_it_saw(ansible: Any, server: Any) -> None:
    inventory = fleet(ansible, {"a": host(A, IRELAND), "b": host(B, IRELAND)})
    _said, artifacts = play(ansible, "report_images", {"report_dest": str(ansible.home)}, *inventory, "--limit", "b")
    assert artifacts["report_host_count"] == 1
    assert "1 of the 2 hosts in the inventory" in files(ansible)[0]
    assert {call.account for call in server.calls(LOOK)} == {B}


MEASURE = """<iframe id="page" width="360" height="800" srcdoc="{page}"></iframe><script>
addEventListener("load", () => {{
  const page = document.getElementById("page").contentDocument;
  const texts = [...page.querySelectorAll("td, th, p, small")];
  const boxes = [...page.querySelectorAll(".scroll")];
  document.title = JSON.stringify({{
    width: page.documentElement.scrollWidth,
    scrolling: boxes.filter((box) => box.scrollWidth > box.clientWidth).length,
    // It stays where it is while the rest of its table moves past it.
    staying: Math.max(...[...page.querySelectorAll(".matrix th:first-child")].map((cell) => cell.offsetWidth)),
    letters: Math.min(...texts.map((text) => parseFloat(getComputedStyle(text).fontSize))),
  }});
}});
</script>"""


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium and no Chrome")
def test_a_phone_shows_the_page_without_moving_it_sideways(ansible: Any, server: Any) -> None:
    """Tables that are wider scroll in boxes of their own."""
    regions = [f"{area}-{number}" for area in ("eu-west", "us-east", "ap-northeast") for number in (1, 2)]
    # As long as AWS lets it be.
    name = "Desktops of everybody in " + "Donaudampfschifffahrt" + "-AG."
    hosts = {
        f"{account}.{region}": host(account, region, aws_account_name=name) for account in (A, B) for region in regions
    }
    hosts["unread"] = host(C, IRELAND, assume_role_arn="x" * 200)
    long = "golden-" + "2026-11-with-all-updates-" * 3
    server.images = [
        image(number, f"{long}{number}", variables["aws_account_id"], variables["aws_region"], day=number)
        for number, variables in enumerate(hosts.values(), 1)
    ]
    server.bundles = [bundle(number, long, one) for number, one in enumerate(server.images, 1)]
    server.images[0] = replace(server.images[0], state="ERROR", error_message="x" * 300)
    play(ansible, "report_images", {"report_dest": str(ansible.home)}, *fleet(ansible, hosts))
    wrapped = ansible.write("measure.html", MEASURE.format(page=escape(files(ansible)[0])))
    # In a container /dev/shm is small.
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    command = [str(BROWSER), *options, "--dump-dom", wrapped.as_uri()]
    # It makes a socket there, whose path may not be as long as those of the tests' folders.
    with tempfile.TemporaryDirectory() as short:
        settings = {**ansible.settings, "TMPDIR": short}
        shown = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=settings)
    assert shown.returncode == 0, shown.stderr
    (title,) = re.findall(r"<title>(.*?)</title>", shown.stdout)
    measured = json.loads(unescape(title))
    assert measured["width"] <= 360
    assert measured["scrolling"] > 0
    assert measured["staying"] <= 150
    assert measured["letters"] >= 11
