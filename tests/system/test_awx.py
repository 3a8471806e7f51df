# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project for AWX: what sets it up, its surveys, and its jobs and slices as AWX runs them."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug import Request, Response
from werkzeug.serving import make_server

from ansible_collections.euc.aws.tests.aws_server import Bundle, Image, Role
from ansible_collections.euc.aws.tests.system.playbooks import AWX, answered, job, slices, survey

TREE = Path(__file__).parents[2]
OWNER, A, B = "123456789012", "111111111111", "222222222222"
REGIONS = ["eu-west-1", "us-east-1"]
WORKFLOW = "roll_out_image"
SURVEYS = sorted(path.name.removesuffix("_survey.json") for path in AWX.glob("*_survey.json"))
PLAYBOOKS = [name for name in SURVEYS if name != WORKFLOW]
# An answer beats the inventory, even an empty one. So nobody is asked for what a host may have of its own, nor for what
# is the same in every job.
NOT_ASKED = {
    "distribute_image_quota",
    "image_owner_account_id",
    "image_owner_assume_role_arn",
    "image_owner_assume_role_external_id",
    "image_owner_profile",
    "image_owner_region",
}
GIVEN = {
    "awx_project": "images",
    "awx_inventory": "production",
    "awx_credential": "image-owner",
    "awx_inventory_credential": "organization-reader",
    "awx_execution_environment": "euc-aws",
    "awx_organization": "desktops",
    "awx_slices": 3,
    "image_owner_account_id": OWNER,
    "image_owner_region": "eu-west-1",
}
needs_awx = pytest.mark.skipif(
    not importlib.util.find_spec("ansible_collections.awx"), reason="ansible 13 and later lack awx.awx"
)


class Controller:
    """As much of AWX's API as its modules take: it keeps what is put there, and finds it by its fields."""

    def __init__(self) -> None:
        self.things: list[dict[str, Any]] = []
        self.add("organization", {"name": "desktops"})
        for kind, name in (
            ("project", "images"),
            ("inventory", "production"),
            ("credential", "image-owner"),
            ("credential", "organization-reader"),
            ("execution_environment", "euc-aws"),
        ):
            self.add(kind, {"name": name, "organization": 1})

    def add(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Keep something new."""
        number = len(self.things) + 1
        plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
        url = f"/api/v2/{plural}/{number}/"
        fixed = {"id": number, "type": kind, "url": url, "related": {"survey_spec": f"{url}survey_spec/"}}
        self.things.append({**fields, **fixed, "links": {}})
        return self.things[-1]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return all that is kept of a kind."""
        return [thing for thing in self.things if thing["type"] == kind]

    def name(self, number: int) -> str:
        """Return the name of what has this ID."""
        return self.things[number - 1]["name"]

    def answer(self, request: Request, plural: str, number: str = "", link: str = "") -> tuple[int, Any]:
        """Return the HTTP status and the answer."""
        data = request.get_json() if request.method in ("POST", "PATCH") else {}
        kind = re.sub("ie$", "y", plural.removesuffix("s"))
        if not number:
            if data:
                return 201, self.add(kind, data)
            wanted = {key: value for key, value in request.args.items() if key != "page_size"}
            kinds = {thing["type"] for thing in self.things} if kind == "unified_job_template" else {kind}
            among = [thing for thing in self.things if thing["type"] in kinds]
            found = [thing for thing in among if all(str(thing.get(key)) == wanted[key] for key in wanted)]
            return 200, {"count": len(found), "next": None, "results": found}
        thing = self.things[int(number) - 1]
        assert thing["type"] == kind
        if link == "survey_spec":
            thing["survey"] = data or thing.get("survey", {})
            return 200, thing["survey"]
        if link == "create_approval_template":
            made = self.add("workflow_approval", data)
            thing["unified_job_template"] = made["id"]
            thing["related"]["unified_job_template"] = made["url"]
            return 201, made
        if link:
            links = thing["links"].setdefault(link, [])
            if data:
                (links.remove if data.get("disassociate") else links.append)(data["id"])
                return 204, None
            return 200, {"count": len(links), "next": None, "results": [self.things[each - 1] for each in links]}
        thing.update(data)
        return 200, thing


@contextmanager
def serving(controller: Controller) -> Iterator[dict[str, str]]:
    """Serve it, and return the settings that lead there."""

    @Request.application
    def application(request: Request) -> Response:
        status, answer = controller.answer(request, *request.path.removeprefix("/api/v2/").strip("/").split("/"))
        return Response(json.dumps(answer), status)

    with make_server("127.0.0.1", 0, application) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        try:
            yield {"CONTROLLER_HOST": f"http://127.0.0.1:{served.server_port}", "CONTROLLER_OAUTH_TOKEN": "qqtokenqq"}
        finally:
            served.shutdown()


@pytest.fixture(scope="module")
def controller(new_ansible: Any, tmp_path_factory: Any) -> Controller:
    """What AWX has after everything was set up, and set up once more."""
    controller = Controller()
    with new_ansible(tmp_path_factory.mktemp("awx")) as ansible, serving(controller) as settings:
        for _time in range(2):
            run = ansible.run("ansible-playbook", AWX / "set_up.yml", "-e", json.dumps(GIVEN), **settings)
            assert run.code == 0, run.output + run.errors
    return controller


@needs_awx
def test_the_inventory_source_reaches_awx(controller: Controller) -> None:
    (source,) = controller.of("inventory_source")
    assert [controller.name(source[key]) for key in ("source_project", "credential", "inventory")] == [
        "images",
        "organization-reader",
        "production",
    ]
    assert (source["source"], source["source_path"]) == ("scm", "production.organization_accounts.yml")
    assert (source["overwrite"], source["update_on_launch"], source["update_cache_timeout"]) == (True, True, 3600)
    assert (AWX / source["source_path"]).is_file()


@needs_awx
def test_the_job_templates_reach_awx(controller: Controller) -> None:
    templates = controller.of("job_template")
    assert sorted(template["playbook"] for template in templates) == [f"{name}.yml" for name in PLAYBOOKS]
    assert {template["forks"] for template in templates} == {50}
    for template in templates:
        name = template["playbook"].removesuffix(".yml")
        assert (template["name"], template["survey"]) == (survey(name)["name"], survey(name))
        assert template["survey_enabled"]
        assert [controller.name(number) for number in template["links"]["credentials"]] == ["image-owner"]
        # What changes something makes a dry run, unless it is told otherwise.
        assert (template["job_type"] == "check") is template["ask_job_type_on_launch"] is (name != "report_images")
        assert template["diff_mode"] is (name != "report_images")
        owner = {key: GIVEN[key] for key in ("image_owner_account_id", "image_owner_region")}
        assert json.loads(template["extra_vars"]) == (owner if name in ("distribute_image", "retire_image") else {})
        assert template["job_slice_count"] == (3 if name == "distribute_image" else 1)
        assert template["ask_limit_on_launch"] is (name in ("distribute_image", "switch_bundles", "report_images"))


@needs_awx
def test_the_job_templates_reach_an_awx_without_a_fleet(ansible: Any) -> None:
    """As people ran it before there was one, with nothing about the images' owner."""
    controller = Controller()
    given = {key: GIVEN[key] for key in ("awx_project", "awx_inventory", "awx_credential", "awx_execution_environment")}
    with serving(controller) as settings:
        run = ansible.run("ansible-playbook", AWX / "job_templates.yml", "-e", json.dumps(given), **settings)
    assert run.code == 0, run.output + run.errors
    assert {template["extra_vars"] for template in controller.of("job_template")} == {"{}"}
    assert {template["job_slice_count"] for template in controller.of("job_template")} == {1}


def path_of(controller: Controller) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the nodes of the workflow with what they run, in the order of success."""
    nodes = {node["id"]: node for node in controller.of("workflow_job_template_node")}
    (number,) = [number for number, node in nodes.items() if node["identifier"] == "distribute"]
    path = []
    while number:
        node = nodes.pop(number)
        path.append((node, controller.things[node["unified_job_template"] - 1]))
        (number,) = node["links"].get("success_nodes", [0])
    assert nodes == {}
    return path


@needs_awx
def test_the_workflow_reaches_awx(controller: Controller) -> None:
    (workflow,) = controller.of("workflow_job_template")
    assert (workflow["name"], workflow["survey"]) == (survey(WORKFLOW)["name"], survey(WORKFLOW))
    assert (workflow["survey_enabled"], workflow["ask_limit_on_launch"], workflow["organization"]) == (True, False, 1)
    path = path_of(controller)
    assert [(node["identifier"], what.get("playbook", what["type"]), node.get("limit")) for node, what in path] == [
        ("distribute", "distribute_image.yml", None),
        ("approve-canary", "workflow_approval", None),
        ("switch-canary", "switch_bundles.yml", "canary"),
        ("approve-all", "workflow_approval", None),
        ("switch-all", "switch_bundles.yml", None),
    ]
    for node, what in path:
        assert node["links"].keys() <= {"success_nodes"}
        if what["type"] == "job_template":
            # What a node says counts only where the template asks for it.
            assert node["job_type"] == "run"
            assert what["ask_job_type_on_launch"]
            assert what["ask_limit_on_launch"] or "limit" not in node


@needs_awx
def test_the_nodes_have_no_other_keys_than_the_module_documents() -> None:
    """Of a list of nodes the module checks nothing, and what it does not know it leaves out in silence."""
    module = importlib.import_module("ansible_collections.awx.awx.plugins.modules.workflow_job_template")
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]["workflow_nodes"]
    (task,) = yaml.safe_load((AWX / "workflow.yml").read_text())[0]["tasks"]
    assert unknown_keys(task["awx.awx.workflow_job_template"]["workflow_nodes"], documented) == []


def unknown_keys(value: Any, option: dict[str, Any]) -> list[str]:
    """List the keys, however deep, that an option's documentation does not have."""
    if isinstance(value, list):
        return [key for item in value for key in unknown_keys(item, option)]
    if not isinstance(value, dict):
        return []
    known = option.get("suboptions", {})
    return [key for key in value if key not in known] + [
        inner for key in value if key in known for inner in unknown_keys(value[key], known[key])
    ]


CHECK = "ansible.builtin.validate_argument_spec"


def check_of(name: str) -> dict[str, Any]:
    """Return a playbook's check of the answers. One without looks at them itself, so they may be anything."""
    text = (TREE / "playbooks" / f"{name}.yml").read_text()
    heads = re.findall(rf"(?m)^#   ({name.partition('_')[0]}_\w+)  ", text)
    checks = [task[CHECK] for play in yaml.safe_load(text) for task in play.get("tasks", []) if CHECK in task]
    return checks[0] if checks else {"argument_spec": {head: {"type": "raw"} for head in heads}}


def test_every_playbook_of_the_collection_that_awx_runs_has_a_survey() -> None:
    wrapped = [path.stem for path in AWX.glob("*.yml") if f"import_playbook: euc.aws.{path.stem}\n" in path.read_text()]
    assert sorted(wrapped) == PLAYBOOKS


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_the_survey_fits_the_playbook(name: str) -> None:
    """What AWX takes: https://github.com/ansible/awx, awx/main/models/mixins.py and awx/api/views."""
    options = check_of(name)["argument_spec"]
    files = [path.read_text() for path in (TREE / "playbooks").rglob("*.yml")]
    used = re.sub(r"(?m)^ *#.*$", "", "\n".join(files))
    assert survey(name).keys() == {"name", "description", "spec"}
    assert {question["variable"] for question in survey(name)["spec"]} == options.keys() - NOT_ASKED
    kinds = {
        "bool": {"multiplechoice"},
        "str": {"text"},
        "path": {"text"},
        "raw": {"text", "textarea", "integer"},
        "dict": {"textarea"},
        "int": {"integer"},
        "float": {"integer"},
    }
    for question in survey(name)["spec"]:
        option = options[question["variable"]]
        # Once in the check of the answers, and where it is used.
        assert len(re.findall(rf"\b{question['variable']}\b", used)) > 1
        assert question["type"] in kinds[option["type"]]
        assert question["required"] or not option.get("required")
        assert (question["default"] in question["choices"]) == (question["type"] == "multiplechoice")
        assert {"question_name", "question_description", "min", "max"} <= question.keys()


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_the_playbook_takes_what_nobody_answered(name: str, ansible: Any) -> None:
    """An empty answer may be of the wrong kind."""
    needed = [question["variable"] for question in survey(name)["spec"] if question["required"]]
    answers = answered(name, {})
    answers |= {variable: answers.get(variable) or "golden" for variable in needed}
    owner = {"image_owner_account_id": OWNER, "image_owner_region": "eu-west-1"}
    run = ansible.play(f"- {json.dumps({CHECK: check_of(name)})}", "-e", json.dumps({**owner, **answers}))
    assert run.code == 0, run.output


def test_the_workflow_asks_as_its_nodes_do() -> None:
    """An answer of the workflow's goes to every node, past the nodes' own surveys."""
    questions = survey("distribute_image")["spec"] + survey("switch_bundles")["spec"]
    theirs = {question["variable"]: question for question in questions}
    for question in survey(WORKFLOW)["spec"]:
        limits = ("type", "default", "choices", "max")
        assert [question[key] for key in limits] == [theirs[question["variable"]][key] for key in limits]
    asked = {question["variable"] for question in survey(WORKFLOW)["spec"] if question["required"]}
    assert asked == {"distribute_image_name", "switch_bundle_names"}
    # It is answered by the name of what was distributed, so the switch's own survey must not answer it with nothing.
    assert "switch_image_name" not in answered("switch_bundles", {})


@pytest.fixture
def hosts(server: Any) -> dict[str, dict[str, str]]:
    """Two accounts in two Regions, each with a bundle on an image of its own, and the owner's image."""
    roles = {account: f"arn:aws:iam::{account}:role/image-recipient" for account in (A, B)}
    server.roles = [Role(arn, frozenset([OWNER])) for arn in roles.values()]
    names = [(account, region) for account in (A, B) for region in REGIONS]
    server.copy_pending_looks = 0
    server.images = [Image("wsi-golden001", "golden", OWNER, "eu-west-1")]
    for number, (account, region) in enumerate(names):
        server.images.append(Image(f"wsi-before00{number}", "before", account, region))
        server.bundles.append(Bundle(f"wsb-desktop0{number}", "desktop", account, f"wsi-before00{number}", region))
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    found = {}
    for account, region in names:
        place = {"aws_account_id": account, "aws_region": region, "assume_role_arn": roles[account]}
        found[f"{account}.{region}"] = {**local, **place}
    return found


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ({"distribute_image_name": "golden"}, "golden"),
        ({"distribute_image_name": "golden", "distribute_copy_name": ""}, "golden"),
        ({"distribute_image_name": "golden", "distribute_copy_name": "golden-copy"}, "golden-copy"),
        ({}, ""),
    ],
)
def test_the_workflow_switches_to_what_it_distributed(answers: dict[str, str], name: str, ansible: Any) -> None:
    (wrapper,) = yaml.safe_load((AWX / "switch_bundles.yml").read_text())
    task = {"ansible.builtin.debug": {"msg": wrapper["vars"]["switch_image_name"]}}
    assert ansible.play(f"- {json.dumps(task)}", "-e", json.dumps(answers)).results[0]["msg"] == name


@needs_awx
def test_the_workflow_rolls_an_image_out_and_a_job_takes_it_back(
    controller: Controller, ansible: Any, server: Any, hosts: dict[str, Any]
) -> None:
    inventory = {
        "all": {"hosts": list(hosts)},
        "canary": {"hosts": [name for name in hosts if name.startswith(A)]},
        "_meta": {"hostvars": hosts},
    }
    asked = answered(WORKFLOW, {"distribute_image_name": "golden", "switch_bundle_names": "desktop"})
    artifacts: dict[str, Any] = {}
    behind = []

    def look() -> None:
        behind.append([server.image(bundle.image_id).name for bundle in server.bundles])

    for node, what in path_of(controller):
        if what["type"] == "job_template":
            # What a later one says, wins: WorkflowNodeBase.get_job_kwargs in AWX's awx/main/models/workflow.py.
            # In a short time AWS is asked more often.
            ours = {**answered(what["playbook"].removesuffix(".yml"), {}), "distribute_wait_timeout": 60}
            variables = {**json.loads(what["extra_vars"]), **ours, **artifacts, **asked}
            limit = ["--limit", node["limit"]] if "limit" in node else []
            artifacts |= job(ansible, what["playbook"], variables, *limit, inventory=inventory)
            look()
    assert {bundle.owner: server.image(bundle.image_id).owner for bundle in server.bundles} == {A: A, B: B}
    by_hand = answered("switch_bundles", {"switch_image_name": "before", "switch_bundle_names": "desktop"})
    job(ansible, "switch_bundles.yml", {**artifacts, **by_hand}, inventory=inventory)
    look()
    assert behind == [["before"] * 4, ["golden"] * 2 + ["before"] * 2, ["golden"] * 4, ["before"] * 4]


def test_slices_work_in_each_host_once(ansible: Any, server: Any, hosts: dict[str, Any]) -> None:
    ended = slices(ansible, "list_images_everywhere.yml", {}, hosts, 3)
    assert [part.code for part in ended] == [0, 0, 0], ended
    seen = [sorted(set(re.findall(r"ok: \[([^]]+)\]", part.output))) for part in ended]
    # In turn, as cards are dealt.
    assert seen == [[f"{A}.eu-west-1", f"{B}.us-east-1"], [f"{A}.us-east-1"], [f"{B}.eu-west-1"]]
    looked = sorted((call.account, call.region) for call in server.calls("DescribeWorkspaceImages"))
    assert looked == [(account, region) for account in (A, B) for region in REGIONS]


def test_a_slice_without_a_host_of_the_limit_fails(ansible: Any, hosts: dict[str, Any]) -> None:
    """That is why the guide warns of a limit and slices together."""
    one, other = slices(ansible, "list_images_everywhere.yml", {}, hosts, 2, "--limit", f"{A}.eu-west-1")
    assert (one.code, other.code == 0, other.artifacts) == (0, False, {})
    assert "no hosts to target" in other.output


def test_there_are_no_more_slices_than_hosts(ansible: Any, hosts: dict[str, Any]) -> None:
    assert len(slices(ansible, "list_images_everywhere.yml", {}, dict([hosts.popitem()]), 5)) == 1


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
