# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks by name, as people and AWX run them, and the files that AWX needs around them."""

from __future__ import annotations

import csv
import importlib.util
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug import Request, Response
from werkzeug.serving import make_server

from ansible_collections.euc.aws.tests.aws_server import Fault, Image

TREE = Path(__file__).parents[2]
AWX = TREE / "examples" / "awx"
OWNER = "123456789012"
UPDATE = "UpdateWorkspaceImagePermission"
ZERO, ONE, TWO, THREE = "012345670123", "111111111111", "222222222222", "333333333333"
REGIONS = {"eu-west-1": "wsi-golden001", "us-east-1": "wsi-golden002", "ap-northeast-1": "wsi-golden003"}


@pytest.fixture(autouse=True)
def images(server: Any) -> None:
    """Images of the name golden in three Regions, and others that can't be shared."""
    server.images = [
        *[
            Image(image_id, "golden", OWNER, region, shared_account_ids=frozenset([TWO]))
            for region, image_id in REGIONS.items()
        ],
        Image("wsi-young0001", "young", OWNER, "us-east-1"),
        Image("wsi-young0002", "young", OWNER, "eu-west-1", pending_looks=1),
        Image("wsi-twin00001", "twin", OWNER, "us-east-1"),
        Image("wsi-twin00002", "twin", OWNER, "us-east-1"),
        Image("wsi-twin00003", "twin", OWNER, "eu-west-1"),
        Image("wsi-foreign01", "foreign", "999999999999", "eu-west-1", shared_account_ids=frozenset([OWNER])),
    ]


def shared(server: Any) -> list[set[str]]:
    """Who can copy the images of the name golden, by Region."""
    return [set(server.image(image_id).shared_account_ids) for image_id in REGIONS.values()]


def play(ansible: Any, name: str, variables: dict[str, Any], *arguments: str, code: int = 0) -> tuple[list[Any], Any]:
    """Run a playbook of the collection to this exit code; return what its tasks said, and its artifacts."""
    answers = ansible.write("answers.json", json.dumps(variables))
    settings = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_SHOW_CUSTOM_STATS": "true"}
    run = ansible.run("ansible-playbook", f"euc.aws.{name}", "-e", f"@{answers}", *arguments, **settings)
    said = [result["msg"] for result in run.results if "msg" in result and not result.get("skipped")]
    assert run.code == code, said
    return said, json.loads(run.output[run.output.index("{") :])["global_custom_stats"]


def job(ansible: Any, playbook: str, answers: dict[str, Any], *cmdline: str) -> dict[str, Any]:
    """Run a job of AWX's to its good end, in a private data directory as AWX lays it out; return its artifacts."""
    # AWX marks what people typed, so that Ansible takes no braces in it for a template.
    ansible.write("job/env/extravars", "".join(f"{key}: !unsafe {json.dumps(answers[key])}\n" for key in answers))
    names = [name for name in ansible.settings if name.startswith(("AWS_", "ANSIBLE_"))]
    variables = {name: ansible.settings.pop(name) for name in names}
    ansible.write("job/env/envvars", json.dumps({**variables, "AWS_SECURITY_TOKEN": variables["AWS_SESSION_TOKEN"]}))
    ansible.write("job/env/cmdline", " ".join(cmdline))
    ansible.write("job/inventory/hosts", "elsewhere.example.com\n")
    for path in AWX.iterdir():
        ansible.write(f"job/project/{path.name}", path.read_text())
    run = ansible.run("ansible-runner", "run", "job", "--playbook", playbook, "--ident", "1")
    assert run.code == 0, run.output + run.errors
    events = [json.loads(path.read_text()) for path in (ansible.home / "job/artifacts/1/job_events").glob("*.json")]
    (last,) = [event for event in events if event["event"] == "playbook_on_stats"]
    return last["event_data"]["artifact_data"]


def outcome(region: str, granted: list[str], revoked: list[str], after: list[str], **more: Any) -> dict[str, Any]:
    """What a workflow's next node gets for a Region."""
    changes = {"granted_account_ids": granted, "revoked_account_ids": revoked, "shared_account_ids": after}
    image = {"region": region, "image_id": REGIONS[region], "image_name": "golden"}
    return {**image, **changes, "changed": bool(granted or revoked), "check_mode": False, **more}


@pytest.mark.parametrize(
    ("account_ids", "regions", "exact"),
    [
        (f"{ONE}\r\n# the old ones, {THREE}\r\n{TWO}\t; {ZERO} # new\r\n\r\n", "eu-west-1\nus-east-1", "True"),
        (f" {ONE},{TWO};;{ZERO},{ONE}", "eu-west-1, us-east-1 eu-west-1 # our two", "yes"),
        ([ONE, f"{TWO} # the second", ZERO], ["eu-west-1", "us-east-1"], True),
    ],
)
def test_answers_in_every_spelling(account_ids: Any, regions: Any, exact: Any, ansible: Any, server: Any) -> None:
    server.images[1] = replace(server.images[1], shared_account_ids={THREE})
    answers = {"share_account_ids": account_ids, "share_regions": regions, "share_exact": exact}
    answers |= {"share_image_name": " golden ", "share_image_id": ""}
    _said, artifacts = play(ansible, "share_image", answers)
    assert shared(server) == [{ONE, TWO, ZERO}, {ONE, TWO, ZERO}, {TWO}]
    assert artifacts["image_sharing"] == [
        outcome("eu-west-1", [ZERO, ONE], [], [ZERO, ONE, TWO]),
        outcome("us-east-1", [ZERO, ONE, TWO], [THREE], [ZERO, ONE, TWO]),
    ]


def test_what_is_left_out_is_what_the_module_does_without_it(ansible: Any, server: Any) -> None:
    # The variable region, which may come from a workflow, is none of the playbook's.
    answers = {"share_account_ids": ONE, "share_image_id": "wsi-golden001", "region": "us-east-1"}
    play(ansible, "share_image", answers)
    assert shared(server) == [{ONE, TWO}, {TWO}, {TWO}]
    assert {call.region for call in server.journal} == {ansible.settings["AWS_REGION"]}


def test_an_image_is_waited_for_before_others_are_shared(ansible: Any, server: Any) -> None:
    answers = {"share_account_ids": ONE, "share_image_name": "young", "share_regions": "us-east-1 eu-west-1"}
    play(ansible, "share_image", {**answers, "share_wait": "true"})
    assert [server.image(f"wsi-young000{number}").shared_account_ids for number in (1, 2)] == [{ONE}, {ONE}]
    first = [call.operation for call in server.journal].index(UPDATE)
    assert {call.region for call in server.journal[:first]} == {"us-east-1", "eu-west-1"}


UNTOUCHED = "Nothing was asked of AWS, and nothing was changed."
NO_IMAGE = "share_image_id or share_image_name has to name the image: one of the two."
NOBODY = f"Name the accounts in unshare_account_ids, or set unshare_everyone to true: one of the two. {UNTOUCHED}"
BOTH = {"name": "golden", "regions": "eu-west-1 us-east-1"}
FIFTY = "\n".join(f"4{number:011d}{'0' if number == 30 else ''}" for number in range(50))


@pytest.mark.parametrize(
    ("playbook", "answers", "sentence", "asked"),
    [
        ("share", {}, "missing required arguments: share_account_ids", []),
        ("share", {"ids": "# ", "id": "", "name": ""}, f"{NO_IMAGE} share_account_ids names no account: name", []),
        ("share", {"ids": ONE, "id": "wsi-golden001", "name": "golden"}, f"{NO_IMAGE} {UNTOUCHED}", []),
        ("share", {"ids": ONE, **BOTH, "id": "wsi-golden001", "name": ""}, "share_image_id goes with one Region", []),
        ("share", {"ids": ONE, "exact": "ja", **BOTH}, "argument 'share_exact' is of type", []),
        ("share", {"ids": FIFTY, **BOTH}, f"account IDs, and these are not: '4000000000300'. {UNTOUCHED}", []),
        ("unshare", {"ids": "", "everyone": "no", **BOTH}, NOBODY, []),
        ("unshare", {"ids": TWO, "everyone": "yes", **BOTH}, NOBODY, []),
        ("report", {"dest": "", "region": ""}, "Name an existing directory for the report", []),
        ("share", {"ids": ONE, **BOTH, "regions": "eu-west-1 eu-wst-1"}, "in eu-wst-1, nor", ["eu-west-1", "eu-wst-1"]),
        ("share", {"ids": ONE, **BOTH, "name": "twin"}, "in us-east-1 are named 'twin'", ["eu-west-1", "us-east-1"]),
        ("share", {"ids": ONE, "id": "wsi-foreign01"}, "is not yours: 999999999999 owns it", ["eu-west-1"]),
        ("share", {"ids": ONE, "name": "young"}, "wsi-young0002 (young) in eu-west-1 is still PENDING", ["eu-west-1"]),
    ],
)
def test_bad_input_ends_in_a_sentence(
    playbook: str, answers: dict[str, str], sentence: str, asked: list[str], ansible: Any, server: Any
) -> None:
    """Nothing was changed before it, in no Region. AWS was asked only what AWS alone can tell."""
    short = {"id": "image_id", "name": "image_name", "ids": "account_ids"}
    variables = {f"{playbook}_{short.get(key, key)}": answer for key, answer in answers.items()}
    said, artifacts = play(ansible, f"{playbook}_image{'_sharing' * (playbook == 'report')}", variables, code=2)
    assert sentence in said[-1]
    assert (artifacts, server.calls(UPDATE)) == ({}, [])
    assert sorted({call.region for call in server.journal}) == asked


def test_a_failure_half_way_is_in_the_summary(ansible: Any, server: Any) -> None:
    server.faults = [Fault(UPDATE, code="AccessDeniedException", message="Not you.", status=400, call=5)]
    answers = {"share_image_name": "golden", "share_regions": list(REGIONS), "share_account_ids": [ONE, THREE, ZERO]}
    said, artifacts = play(ansible, "share_image", answers, code=2)
    summary, sentence = said[-2:]
    failure = {"failed_accounts": {ONE: {"code": "AccessDeniedException", "message": "Not you."}}, "msg": sentence}
    assert artifacts["image_sharing"] == [
        outcome("eu-west-1", [ZERO, ONE, THREE], [], [ZERO, ONE, TWO, THREE]),
        outcome("us-east-1", [ZERO], [], [ZERO, TWO], not_attempted_account_ids=[THREE], **failure),
        outcome("ap-northeast-1", [ZERO, ONE, THREE], [], [ZERO, ONE, TWO, THREE]),
    ]
    assert sentence.startswith("Sharing image wsi-golden002 (golden) in us-east-1 was not completed: 1 granted")
    assert summary[:9] == [
        "Image wsi-golden001 (golden) in eu-west-1",
        f"- granted to 3 accounts: {ZERO}, {ONE}, {THREE}",
        "- revoked from nobody",
        f"- can be copied now by 4 accounts: {ZERO}, {ONE}, {TWO}, {THREE}",
        "Image wsi-golden002 (golden) in us-east-1",
        f"- granted to 1 account: {ZERO}",
        "- revoked from nobody",
        f"- can be copied now by 2 accounts: {ZERO}, {TWO}",
        f"- FAILED: {sentence}",
    ]
    assert shared(server) == [{ZERO, ONE, TWO, THREE}, {ZERO, TWO}, {ZERO, ONE, TWO, THREE}]


def test_the_dry_run_tells_what_the_real_run_does(ansible: Any, server: Any) -> None:
    answers = {"unshare_image_name": "golden", "unshare_regions": "eu-west-1 us-east-1", "unshare_everyone": "True"}
    said, dry = play(ansible, "unshare_image", answers, "--check", "--diff")
    assert server.calls(UPDATE) == []
    assert said[-1][:4] == [
        "Image wsi-golden001 (golden) in eu-west-1",
        "- would be granted to nobody",
        f"- would be revoked from 1 account: {TWO}",
        "- could be copied then by nobody",
    ]
    _said, real = play(ansible, "unshare_image", answers)
    assert shared(server) == [set(), set(), {TWO}]
    assert real["image_sharing"] == [outcome(region, [], [TWO], []) for region in ("eu-west-1", "us-east-1")]
    assert dry["image_sharing"] == [{**result, "check_mode": True} for result in real["image_sharing"]]


def test_the_report(ansible: Any, server: Any) -> None:
    answers = {"report_dest": str(ansible.home), "report_allowed_account_ids": [ONE]}
    _said, dry = play(ansible, "report_image_sharing", answers, "--check")
    assert list(ansible.home.glob("image_sharing.*")) == []
    real = job(ansible, "euc.aws.report_image_sharing", answers)
    assert dry == real
    assert real["report_violations"] == [{"image_id": "wsi-golden001", "image_name": "golden", "account_id": TWO}]
    rows = list(csv.DictReader((ansible.home / "image_sharing.csv").read_text().splitlines()))
    row = next(row for row in rows if row["image_id"] == "wsi-golden001")
    assert (row["owner_account_id"], row["shared_account_id"], row["allowed"]) == (OWNER, TWO, "no")
    assert TWO in (ansible.home / "image_sharing.html").read_text()
    assert server.calls(UPDATE) == []


def survey(name: str) -> dict[str, Any]:
    return json.loads((AWX / f"{name}_survey.json").read_text())


@pytest.mark.parametrize(
    ("name", "cmdline", "granted", "revoked", "after"),
    [
        ("share_image", ["--check", "--diff"], [ONE], [], [ONE, TWO]),
        ("share_image", [], [ONE], [], [ONE, TWO]),
        ("unshare_image", [], [], [TWO], []),
    ],
)
def test_a_job_of_awx(
    name: str, cmdline: list[str], granted: list[str], revoked: list[str], after: list[str], ansible: Any, server: Any
) -> None:
    del ansible.settings["AWS_REGION"]
    answers = {question["variable"]: question["default"] for question in survey(name)["spec"]}
    typed = {"image_name": "golden", "regions": "eu-west-1", "account_ids": f"{ONE} # ours {{{{ 1 // 0 }}}}\n{TWO}"}
    prefix = name.removesuffix("image")
    artifacts = job(ansible, f"{name}.yml", answers | {prefix + key: typed[key] for key in typed}, *cmdline)
    assert artifacts["image_sharing"] == [outcome("eu-west-1", granted, revoked, after, check_mode=bool(cmdline))]
    assert shared(server)[0] == ({TWO} if cmdline else set(after))


@pytest.mark.parametrize("name", ["share_image", "unshare_image"])
def test_the_survey_fits_the_playbook(name: str) -> None:
    """What AWX takes: https://github.com/ansible/awx, awx/main/models/mixins.py and awx/api/views."""
    text = (TREE / "playbooks" / f"{name}.yml").read_text()
    check, include = yaml.safe_load(text)[0]["tasks"]
    declared = check["ansible.builtin.validate_argument_spec"]["argument_spec"]
    assert survey(name).keys() == {"name", "description", "spec"}
    assert {question["variable"] for question in survey(name)["spec"]} == set(declared)
    kinds = {"bool": {"multiplechoice"}, "str": {"text"}, "raw": {"text", "textarea"}}
    for question in survey(name)["spec"]:
        option = declared[question["variable"]]
        assert f"#   {question['variable']} " in text
        assert f"{{{{ {question['variable']} " in json.dumps(include["vars"])
        assert question["type"] in kinds[option["type"]]
        assert question["required"] or not option.get("required")
        assert (question["default"] in question["choices"]) == (question["type"] == "multiplechoice")
        assert {"question_name", "question_description", "min", "max"} <= question.keys()


@pytest.mark.skipif(not importlib.util.find_spec("ansible_collections.awx"), reason="ansible 13 and later lack awx.awx")
def test_the_job_templates_reach_awx(ansible: Any) -> None:
    """The server is as much of AWX's API as that takes: what is asked for is there, and it has no templates yet."""
    status = {"job_templates/": 201, "job_templates/9/credentials/": 204, "job_templates/9/survey_spec/": 200}
    posted: dict[str, list[Any]] = {path: [] for path in status}

    @Request.application
    def awx(request: Request) -> Response:
        path = request.path.removeprefix("/api/v2/")
        if request.method == "GET":
            found = [] if path.startswith("job_templates/") else [{"id": 7, "name": "golden"}]
            return Response(json.dumps({"count": len(found), "next": None, "results": found}))
        posted[path].append(request.get_json())
        related = {name: f"/api/v2/job_templates/9/{name}/" for name in ("credentials", "survey_spec")}
        return Response(json.dumps({"id": 9, "url": "/api/v2/job_templates/9/", "related": related}), status[path])

    with make_server("127.0.0.1", 0, awx) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        settings = {"CONTROLLER_HOST": f"http://127.0.0.1:{served.server_port}", "CONTROLLER_OAUTH_TOKEN": "qqtokenqq"}
        words = [f"awx_{word}=golden" for word in ("project", "inventory", "credential", "execution_environment")]
        run = ansible.run("ansible-playbook", AWX / "job_templates.yml", "-e", " ".join(words), **settings)
        served.shutdown()
    assert run.code == 0, run.output + run.errors
    created, credentials, surveys = posted.values()
    jobs = [(template["playbook"], template["job_type"]) for template in created]
    assert jobs == [("share_image.yml", "check"), ("unshare_image.yml", "check")]
    assert all(template["ask_job_type_on_launch"] and template["survey_enabled"] for template in created)
    assert [credential["id"] for credential in credentials] == [7, 7]
    assert surveys == [survey("share_image"), survey("unshare_image")]


def test_the_execution_environment_gets_what_the_collection_needs(ansible: Any) -> None:
    told = ansible.run("ansible-builder", "introspect", TREE.parents[2])
    assert told.code == 0, told.output + told.errors
    needed = [line.split(" #")[0].strip() for line in yaml.safe_load(told.output)["python"] if "euc.aws" in line]
    required = (TREE / "requirements.txt").read_text().splitlines()
    assert sorted(needed) == sorted(line for line in required if line and line[0] != "#") != []
    made = ansible.run("ansible-builder", "create", "-f", AWX / "execution-environment.yml", "-c", "context")
    assert made.code == 0, made.output + made.errors
    (collection,) = yaml.safe_load((ansible.home / "context/_build/requirements.yml").read_text())["collections"]
    assert collection["name"].endswith("/euc.aws.git")
    assert "git-core" in next((ansible.home / "context").glob("*file")).read_text()
