# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that writes the report, and its templates."""

from __future__ import annotations

import json
import os
import re
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Fault, Image
from ansible_collections.euc.aws.tests.system.pages import Elements, cells, sections
from ansible_collections.euc.aws.tests.system.playbooks import job, play

TEMPLATES = Path(__file__).parents[2] / "playbooks" / "templates"
OWNER = "123456789012"
UPDATE = "UpdateWorkspaceImagePermission"
PERMISSIONS = "DescribeWorkspaceImagePermissions"
ONE, TWO, THREE = "111111111111", "222222222222", "333333333333"


def image(image_id: str, shared: list[str] | None, unexpected: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """An image as workspaces_image_info returns it, in so far as the report reads it."""
    accounts = {"shared_account_ids": shared, "unexpected_account_ids": unexpected}
    of_image = {"name": image_id.removeprefix("wsi-"), "state": "AVAILABLE", "created": "2026-11-02T08:30:00+00:00"}
    return {"image_id": image_id, **of_image, **accounts, **more}


def render(ansible: Any, **cases: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Fill in both templates as the playbook does, for each case; return what was written, by case and format."""
    variables = {"region": "eu-west-1", "account": OWNER, "violations": []}
    for name, case in cases.items():
        given = variables | case
        images = given["images"]
        info = {"region": given["region"], "images": images, "violations": given["violations"]}
        # An alias of None is one that was not told.
        caller = {"account": given["account"], "account_alias": given.get("alias")}
        ansible.write(
            f"{name}.json",
            json.dumps(
                {
                    "report_info": {key: value for key, value in info.items() if value is not None},
                    "report_caller": {key: value for key, value in caller.items() if value is not None},
                    "report_accounts": sorted({one for image in images for one in image["shared_account_ids"] or ()}),
                    "report_unread_images": [image for image in images if "permissions_error" in image],
                }
            ),
        )
    tasks = "".join(
        f"- ansible.builtin.template: {{src: {TEMPLATES}/image_sharing.{kind}.j2, dest: '{{{{ case }}}}.{kind}'}}\n"
        for kind in ("html", "csv")
    )
    cases_tasks = ansible.write("case.yml", f"- include_vars: {{file: '{ansible.home}/{{{{ case }}}}.json'}}\n" + tasks)
    run = ansible.play(
        f"- include_tasks: {cases_tasks}\n  loop: {json.dumps(list(cases))}\n  loop_control: {{loop_var: case}}"
    )
    assert run.code == 0, run.output + run.errors
    return {
        # As it is: to read it as text would make a new line of a return.
        name: {kind: (ansible.home / f"{name}.{kind}").read_bytes().decode() for kind in ("html", "csv")}
        for name in cases
    }


FIELDS = ["region", "owner", "alias", "image", "unread", "name", "state", "allowed", "other", "code", "message"]


def hostile(first: str) -> tuple[dict[str, Any], list[list[str]]]:
    """A report on images in which every text is an attempt, and begins so; and the cells that should come of it."""
    texts = [f"{first}\"><i data-x='&{field}&amp;'>" for field in FIELDS]
    region, owner, alias, image_id, unread_id, name, state, allowed, other, code, message = texts
    images = [
        image(image_id, [allowed, other], [other], name=name, state=state),
        image(unread_id, None, name=None, permissions_error={"code": code, "message": message}),
        image("wsi-golden001", [], name=name),
    ]
    given = {"images": images, "violations": [{"account_id": other}], "region": region, "account": owner}
    return {**given, "alias": alias}, [
        [*(f"'{text}" for text in (region, owner, image_id, name, state, allowed)), "yes", ""],
        [*(f"'{text}" for text in (region, owner, image_id, name, state, other)), "no", ""],
        [*(f"'{text}" for text in (region, owner, unread_id)), "", "AVAILABLE", "", "", f"'{code}"],
        [*(f"'{text}" for text in (region, owner)), "wsi-golden001", f"'{name}", "AVAILABLE", "", "", ""],
    ]


HOSTILE = {f"case{ord(first)}": hostile(first) for first in "=+-@\t\r"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: Any, new_ansible: Any) -> dict[str, dict[str, str]]:
    """Reports on images of every kind, by case and format."""
    refused = {"code": "AccessDeniedException", "message": "Not you."}
    images = [
        image("wsi-golden001", [ONE, TWO], [TWO]),
        image("wsi-golden002", [TWO, THREE], [TWO, THREE], name="twin"),
        image("wsi-golden003", [], [], name="twin", state=None, created=None),
        image("wsi-golden004", None, name=None, permissions_error=refused),
    ]
    violations = [{"account_id": TWO}, {"account_id": TWO}, {"account_id": THREE}]
    unaudited = [{**image, "unexpected_account_ids": None} for image in images[:3]]
    allowed = [{**image, "unexpected_account_ids": []} for image in images[:1]]
    with new_ansible(tmp_path_factory.mktemp("written")) as ansible:
        return render(
            ansible,
            audit={"images": images, "violations": violations, "alias": "golden"},
            unread={"images": [*allowed, images[3]]},
            unaudited={"images": unaudited, "violations": None},
            nobody={"images": images[2:3]},
            nothing={"images": []},
            **{name: given for name, (given, _cells) in HOSTILE.items()},
        )


# In one group, so that xdist leaves both to one worker, which writes the reports once.
@pytest.mark.xdist_group("written")
def test_what_the_pages_say(written: dict[str, dict[str, str]]) -> None:
    pages = {name: sections(files["html"]) for name, files in written.items()}
    title, *headings = pages["audit"]
    assert (title, headings) == (
        "Who can copy our WorkSpaces images",
        ["Violations", "Images that could not be read", "Who can copy what", "Images that nobody has", "All images"],
    )
    head = pages["audit"][title]
    assert head.startswith(f"Region eu-west-1 · account {OWNER} (golden) · 20")
    assert head.endswith(" UTC Images: 4 Accounts that can copy one: 3 Violations: 3 Images that could not be read: 1")
    assert pages["audit"]["Violations"] == (
        "Accounts that can copy an image and are not allowed to Image Accounts"
        f" golden001 wsi-golden001 {TWO} twin wsi-golden002 {TWO} {THREE}"
    )
    assert pages["audit"]["Images that could not be read"] == (
        "Who can copy these images is not known Image What AWS answered"
        " wsi-golden004 wsi-golden004 AccessDeniedException Not you."
    )
    can, must_not, unknown = "[can copy]", "[can copy, not allowed]", "[not known]"
    assert pages["audit"]["Who can copy what"] == (
        f"{can} can copy · {must_not} can copy, but is not allowed to · {unknown} not known"
        " Accounts and images Account golden001 twin wsi-golden002 twin wsi-golden003 wsi-golden004"
        f" {ONE} {can} {unknown} {TWO} {must_not} {must_not} {unknown} {THREE} {must_not} {unknown}"
    )
    assert pages["audit"]["Images that nobody has"] == "twin wsi-golden003"
    assert pages["audit"]["All images"] == (
        "Images owned in this Region. Times are UTC. Image State Created Accounts"
        " golden001 wsi-golden001 AVAILABLE 2026-11-02 08:30 2 twin wsi-golden002 AVAILABLE 2026-11-02 08:30 2"
        " twin wsi-golden003 0 wsi-golden004 AVAILABLE 2026-11-02 08:30 not read"
    )
    audit = Elements(written["audit"]["html"])
    rows = [f"wsi-golden00{number}" for number in (1, 2, 3, 4)]
    assert audit.values["id"] == rows
    assert audit.values["title"] == rows
    assert set(audit.values["href"]) == {f"#{row}" for row in rows}
    assert f"<title>Who can copy the WorkSpaces images of {OWNER} in eu-west-1</title>" in written["audit"]["html"]
    columns = re.findall(r"<tr>(.*?)</tr>", written["audit"]["html"].partition("matrix")[2], re.DOTALL)
    assert [row.count("<td>") for row in columns if ONE in row] == [4]

    assert pages["unread"]["Violations"] == "None among the images that could be read."
    assert pages["unread"]["Images that nobody has"] == "None."
    assert f"account {OWNER} ·" in pages["unread"][title]
    assert pages["unaudited"]["Violations"] == "No list of allowed accounts was given, so none were looked for."
    assert pages["unaudited"]["Who can copy what"].startswith(f"{can} can copy Accounts and images Account golden001")
    assert must_not not in pages["unaudited"]["Who can copy what"]
    assert pages["unaudited"][title].endswith("Accounts that can copy one: 3 Violations: not looked for")
    assert pages["nobody"]["Violations"] == "None."
    assert pages["nobody"]["Who can copy what"] == "No account can copy an image."
    assert pages["nothing"] == {
        title: pages["nothing"][title],
        "Violations": "None.",
        "Who can copy what": "You own no images in this Region.",
    }

    first = ["eu-west-1", OWNER]
    assert cells(written["audit"]["csv"]) == [
        [*first, "wsi-golden001", "golden001", "AVAILABLE", ONE, "yes", ""],
        [*first, "wsi-golden001", "golden001", "AVAILABLE", TWO, "no", ""],
        [*first, "wsi-golden002", "twin", "AVAILABLE", TWO, "no", ""],
        [*first, "wsi-golden002", "twin", "AVAILABLE", THREE, "no", ""],
        [*first, "wsi-golden003", "twin", "", "", "", ""],
        [*first, "wsi-golden004", "", "AVAILABLE", "", "", "AccessDeniedException"],
    ]
    assert {row[6] for row in cells(written["unaudited"]["csv"])} == {""}
    assert written["nothing"]["csv"].splitlines() == [
        '"region","owner_account_id","image_id","image_name","state","shared_account_id","allowed","permissions_error"'
    ]


@pytest.mark.xdist_group("written")
def test_no_text_becomes_markup_or_a_formula(written: dict[str, dict[str, str]]) -> None:
    """Everything that AWS answers, or what stands in its place, may be somebody's attempt."""
    for name, (_given, expected) in HOSTILE.items():
        files = written[name]
        found = Elements(files["html"])
        assert "i" not in found.tags
        assert "data-x" not in found.values
        seen = unescape(files["html"])
        assert [field for field in FIELDS if f"&{field}&amp;" not in seen] == []
        assert cells(files["csv"]) == expected


@pytest.fixture
def shared_images(server: Any) -> None:
    server.images = [
        Image("wsi-golden001", "golden", OWNER, "eu-west-1", shared_account_ids=frozenset([ONE, TWO])),
        Image("wsi-golden002", "secret", OWNER, "eu-west-1"),
        Image("wsi-golden003", "other", OWNER, "us-east-1", shared_account_ids=frozenset([THREE])),
    ]


@pytest.mark.usefixtures("shared_images")
def test_a_job_of_awx_writes_the_report(ansible: Any, server: Any) -> None:
    """The image that the caller may not read comes second, each time."""
    server.faults = [Fault(PERMISSIONS, call=call, code="AccessDeniedException", status=400) for call in (2, 4)]
    answers = {"report_dest": "~/.", "report_allowed_account_ids": f"{ONE} # ours\n"}
    said, dry = play(ansible, "report_image_sharing", answers, "--check")
    assert list(ansible.home.glob("image_sharing.*")) == []
    assert said[-1][0] == f"Would be in {ansible.home}: image_sharing.html and image_sharing.csv"
    assert said[-1][1:] == ["Images: 2. Accounts: 2. Violations: 1.", "Images whose permissions could not be read: 1."]
    mask = os.umask(0o077)
    try:
        real = job(ansible, "euc.aws.report_image_sharing", answers)
    finally:
        os.umask(mask)
    assert dry == real
    assert real == {
        "report_image_count": 2,
        "report_account_count": 2,
        "report_unread_image_count": 1,
        "report_violation_count": 1,
        "report_violations": [{"image_id": "wsi-golden001", "image_name": "golden", "account_id": TWO}],
    }
    files = [ansible.home / f"image_sharing.{kind}" for kind in ("html", "csv")]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o644, 0o644]
    assert "golden wsi-golden001 222222222222" in sections(files[0].read_text())["Violations"]
    first = ["eu-west-1", OWNER]
    assert cells(files[1].read_text()) == [
        [*first, "wsi-golden001", "golden", "AVAILABLE", ONE, "yes", ""],
        [*first, "wsi-golden001", "golden", "AVAILABLE", TWO, "no", ""],
        [*first, "wsi-golden002", "secret", "AVAILABLE", "", "", "AccessDeniedException"],
    ]
    assert server.calls(UPDATE) == []


FORMS: dict[str, tuple[Any, list[str] | None]] = {
    "text": (f"{ONE},; 444444444444\r\n# the old ones, {TWO}\r\n", [TWO]),
    "list": ([ONE, f"{TWO} # the second"], []),
    "nobody": ([], [ONE, TWO]),
    "blank": (" \n", None),
    "null": (None, None),
}


@pytest.mark.usefixtures("shared_images")
def test_the_allowed_accounts_in_every_spelling(ansible: Any, server: Any) -> None:
    """In one run, because each would start Ansible anew."""
    ansible.settings["AWS_REGION"] = "us-east-1"
    ansible.write("hosts", f"localhost ansible_python_interpreter={sys.executable}\n")
    plays = []
    for name, (value, _expected) in FORMS.items():
        (ansible.home / name).mkdir()
        answers = {"report_dest": name, "report_allowed_account_ids": value, "report_region": " eu-west-1 "}
        plays.append({"import_playbook": "euc.aws.report_image_sharing", "vars": answers})
    run = ansible.run("ansible-playbook", "-i", "hosts", ansible.write("all.yml", json.dumps(plays)))
    assert run.code == 0, run.output + run.errors
    for name, (_value, expected) in FORMS.items():
        rows = cells((ansible.home / name / "image_sharing.csv").read_text())
        judged = [row[5] for row in rows if row[6] == "no"] if any(row[6] for row in rows) else None
        assert (name, judged) == (name, expected)
    assert {call.region for call in server.journal if call.operation != "ListAccountAliases"} == {"eu-west-1"}


@pytest.mark.usefixtures("shared_images")
def test_without_allowed_accounts_nothing_is_looked_for(ansible: Any) -> None:
    said, artifacts = play(ansible, "report_image_sharing", {"report_dest": str(ansible.home)})
    assert artifacts == {
        "report_image_count": 2,
        "report_account_count": 2,
        "report_unread_image_count": 0,
        "report_violation_count": None,
        "report_violations": None,
    }
    end = "Images: 2. Accounts: 2. Violations: not looked for, as report_allowed_account_ids was not given."
    assert said[-1][:2] == [f"Report in {ansible.home}: image_sharing.html and image_sharing.csv", end]


@pytest.mark.usefixtures("shared_images")
@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"report_dest": ""}, "Name an existing directory for the report"),
        ({"report_dest": "nowhere"}, "Name an existing directory for the report"),
        ({"report_allowed_account_ids": "# nobody yet"}, "report_allowed_account_ids names no account, and yet is not"),
        ({"report_allowed_account_ids": [""]}, "report_allowed_account_ids names no account, and yet is not empty."),
        ({"report_allowed_account_ids": "12"}, "allowed_account_ids takes 12-digit AWS account IDs, and these are"),
    ],
)
def test_bad_input_ends_in_a_sentence(answers: dict[str, Any], sentence: str, ansible: Any, server: Any) -> None:
    said, artifacts = play(
        ansible, "report_image_sharing", {"report_dest": str(ansible.home), "report_region": "", **answers}, code=2
    )
    assert sentence in said[-1]
    assert (artifacts, server.journal) == ({}, [])


NAMELESS = "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"
XHTML = "<html><head><title>Sign in</title></head><body><form></form></body></html>"


@pytest.mark.usefixtures("shared_images")
@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("DescribeWorkspaceImages", '{"status":"ok"}'),
        (PERMISSIONS, XHTML),
        ("GetCallerIdentity", XHTML),
        ("GetCallerIdentity", ""),
        ("GetCallerIdentity", NAMELESS),
    ],
)
def test_no_report_is_made_of_what_is_not_an_answer_of_aws(
    operation: str, body: str, ansible: Any, server: Any
) -> None:
    server.faults = [Fault(operation, "page", body=body, times=None)]
    answers = {"report_dest": str(ansible.home), "report_allowed_account_ids": []}
    said, artifacts = play(ansible, "report_image_sharing", answers, code=2)
    assert artifacts == {}
    assert list(ansible.home.glob("image_sharing.*")) == []
    told = "No report was written." if operation == "GetCallerIdentity" else "What answered is not AWS"
    assert told in said[-1]
