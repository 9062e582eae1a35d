"""Reading case files: what they mean, and what is said of mistakes."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from pytest_k8snet import policy
from pytest_k8snet.errors import UsageError
from pytest_k8snet.oracle.policy_world import NamedPort
from pytest_k8snet.policy.case_files import load, load_all, load_own
from pytest_k8snet.policy.cases import (
    Apply,
    Case,
    CreateNamespace,
    CreatePod,
    DeletePod,
    DeletePolicy,
    LabelPod,
    RestartPod,
    Route,
)

CLAUSES = {"CLAUSE": "https://example.org/clause"}
GOOD = """\
define:
  deny: &deny {name: deny, namespace: x, policyTypes: [Ingress]}
defaults: {level: core, spec: CLAUSE}
cases:
- id: POLICY-900
  title: nothing comes in
  apply: *deny
"""
DOCS = Path(policy.__file__).parents[2] / "docs"


def written(folder: Path, text: str) -> Path:
    file = folder / "cases.yaml"
    file.write_text(textwrap.dedent(text))
    return file


def case_of(folder: Path, body: str) -> Case:
    """Read one case with the fields of ``body``."""
    head = "define: {deny: &deny {name: deny, namespace: x}}\ndefaults: {level: core, spec: CLAUSE}\ncases:\n"
    [case] = load(
        written(folder, f"{head}- id: POLICY-900\n  title: one\n{textwrap.indent(textwrap.dedent(body), '  ')}"),
        CLAUSES,
    )
    return case


def complaint(folder: Path, body: str) -> str:
    """Return what is said of a case with the fields of ``body``, which begin in line 6."""
    with pytest.raises(UsageError) as raised:
        case_of(folder, body)
    return str(raised.value)


def test_a_policy_in_short_form_becomes_a_manifest(tmp_path: Path) -> None:
    [case] = load(written(tmp_path, GOOD), CLAUSES)
    assert (case.id, case.level, case.spec, case.line) == ("POLICY-900", "core", CLAUSES["CLAUSE"], 5)
    assert case.steps[0].title == "apply policy x/deny"
    assert case.steps[0].actions == (
        Apply(
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": "deny", "namespace": "x"},
                "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
            }
        ),
    )


def test_a_whole_manifest_is_taken_as_well(tmp_path: Path) -> None:
    short = case_of(tmp_path, "apply: {name: deny, namespace: x, egress: []}")
    whole = case_of(tmp_path, "apply: {kind: NetworkPolicy, metadata: {name: deny, namespace: x}, spec: {egress: []}}")
    assert whole.steps == short.steps


def test_what_follows_a_merge_replaces_what_was_merged(tmp_path: Path) -> None:
    case = case_of(tmp_path, "apply: {<<: [*deny, {namespace: z, ingress: []}], name: other}")
    [action] = case.steps[0].actions
    assert isinstance(action, Apply)
    assert action.policy["metadata"] == {"name": "other", "namespace": "x"}
    assert action.policy["spec"] == {"podSelector": {}, "ingress": []}


def test_every_action_has_its_words(tmp_path: Path) -> None:
    case = case_of(
        tmp_path,
        """\
        steps:
        - apply: *deny
          create-namespace: {w: }
          create-pod: {w/a: , w/b: {labels: {role: web}, ports: {web: 81/TCP}}}
          label-pod: [{x/a: {pod: null}}, {x/a: {pod: b}}]
        - {delete: x/deny, restart-pod: [x/a, x/b], delete-pod: w/a, route: name, ports: [81], protocols: [UDP]}
        """,
    )
    first, second = case.steps
    assert first.actions[1:] == (
        CreateNamespace("w", {"ns": "w"}),
        CreatePod("w/a", {"pod": "a"}),
        CreatePod("w/b", {"role": "web"}, (NamedPort("web", "TCP", 81),)),
        LabelPod("x/a", {"pod": None}),
        LabelPod("x/a", {"pod": "b"}),
    )
    assert second.actions == (DeletePolicy("x/deny"), RestartPod("x/a"), RestartPod("x/b"), DeletePod("w/a"))
    assert (second.route, second.ports, second.protocols) == (Route.NAME, (81,), ("UDP",))
    assert second.title == "delete policy x/deny, restart pod x/a, restart pod x/b, delete pod w/a"


def test_a_route_for_the_file_holds_for_steps_without_one(tmp_path: Path) -> None:
    text = GOOD.replace("level: core,", "level: core, route: cluster-ip,")
    [case] = load(written(tmp_path, text), CLAUSES)
    [other] = load(written(tmp_path, text + "  route: pod\n"), CLAUSES)
    assert (case.steps[0].route, other.steps[0].route) == (Route.CLUSTER_IP, Route.POD)


def test_the_example_of_the_documentation_can_be_read(tmp_path: Path) -> None:
    example, wide, found = re.findall(r"```yaml\n(.*?)```", (DOCS / "policy-cases.md").read_text(), flags=re.DOTALL)
    [case] = load(written(tmp_path, example), {"NETWORK_POLICY": "https://example.org"})
    assert [step.title for step in case.steps] == ["apply policy x/from-friends", "label pod y/b friend=near"]
    assert load(written(tmp_path, wide), {"CLUSTER_NETWORK_POLICY": "https://example.org"})[0].id == "POLICY-901"
    assert load_own(written(tmp_path, found))[0].id == "POLICY-903"


MISTAKES = {
    "apply: *deny\nstpes: []": "cases.yaml:7: a case has no field 'stpes', did you mean 'steps'?",
    "steps: []": "cases.yaml:6: there is no step",
    "steps: [{aply: *deny}]": "cases.yaml:6: a step has no field 'aply', did you mean 'apply'?",
    "apply: *deny\nsteps: [{apply: *deny}]": "cases.yaml:4: a case has either steps or the fields of a single step",
    "requires: [ipv5]\napply: *deny": "there is no requirement 'ipv5', did you mean 'ipv6'?",
    "level: cor\napply: *deny": "there is no level 'cor', did you mean 'core'?",
    "spec: CLAUS\napply: *deny": "there is no clause 'CLAUS', did you mean 'CLAUSE'?",
    "apply: {name: n, namespace: q}": "cases.yaml:4: POLICY-900: step 1 (apply policy q/n): there is no namespace q",
    "apply: {name: n}": "cases.yaml:6: a policy lacks the field 'namespace'",
    "apply: *deny\nlabel-pod: {x/e: {pod: b}}": "there is no pod x/e at this step; there are x/a, x/b",
    "apply: *deny\nlabel-pod: {x: {pod: b}}": "a pod is named by namespace/name, such as x/a, not 'x'",
    "apply: *deny\nlabel-pod: {x/a: {pod: 1}}": "expected the value of a label (a text; null removes it), found '1'",
    "apply: *deny\nlabel-pod: {x/a: {}}": "no label is changed",
    "steps: [{delete: x/gone}]": "step 1 (delete policy x/gone): there is no policy x/gone at this step",
    "apply: *deny\ncreate-pod: {x/a: }": "there is a pod x/a already",
    "apply: *deny\ncreate-pod: {x/d: {ports: {web: 8080/TCP}}}": "such as 80/TCP, found '8080/TCP'",
    "apply: *deny\nports: [82]": "expected a port that pods serve, from 80 to 81, found '82'",
    "apply: *deny\nports: []": "expected at least one served port, each once",
    "apply: *deny\nprotocols: [TCP, ICMP]": "there is no protocol 'ICMP'",
    "apply: *deny\nroute: node-port": "there is no route 'node-port'",
    "apply: {<<: *deny, ingress: [{form: []}]}": "an ingress rule has no field 'form', did you mean 'from'?",
    "apply: {<<: *deny, ingress: [{to: []}]}": "an ingress rule has no field 'to'",
    "apply: {<<: *deny, ingress: [{from: [{podSelectors: {}}]}]}": "a peer has no field 'podSelectors', did you mean",
    "apply: {<<: *deny, ingress: [{from: [{}]}]}": "a peer needs one of its fields",
    "apply: {<<: *deny, ingress: [{ports: [{port: 0}]}]}": "expected a port from 1 to 65535, found '0'",
    "apply: {<<: *deny, ingress: [{ports: [{port: Serve_80}]}]}": "'Serve_80' is no name of a port",
    "apply: {<<: *deny, ingress: [{ports: [{port: 81, endPort: 80}]}]}": "endPort needs a port",
    "apply: {<<: *deny, ingress: [{ports: [{port: serve, endPort: 80}]}]}": "endPort needs a port",
    "apply: {<<: *deny, policyTypes: [Ingres]}": "there is no policy type 'Ingres', did you mean 'Ingress'?",
    "apply: {<<: *deny, podSelector: {matchExpressions: [{key: a, operator: Is}]}}": "there is no operator 'Is'",
    "apply: {<<: *deny, podSelector: {matchExpressions: [{key: a, operator: In}]}}": "In needs values",
    "apply: {<<: *deny, podSelector: {matchLabels: {pod: 1}}}": "the value of a label is a text: write '1' with quotes",
    "apply: {<<: *deny, egress: [{to: [{ipBlock: {cidr: 10.0.0.1/8}}]}]}": "no CIDR: 10.0.0.1/8 has host bits set",
    "apply: {<<: *deny, egress: [{to: [{ipBlock: {except: []}}]}]}": "an ipBlock lacks the field 'cidr'",
    "apply: {<<: *deny, egress: [{to: [{ipBlock: {cidr: '${pid z/c}'}}]}]}": "there is no placeholder '${pid z/c}'",
    "apply: {<<: *deny, egress: [{to: [{ipBlock: {cidr: '${pod z/q}'}}]}]}": "there is no pod z/q at this step",
    "apply: {<<: *deny, egress: [{to: [{ipBlock: {cidr: '${net z/c 99}'}}]}]}": "it can leave 1 to 32",
    "apply: {<<: *deny, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}": "is not within",
    "apply: {<<: *deny, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: ['::1/128']}}]}]}": "::1/128 is not within",
    "default: maybe\ncyclonus: [a/b]\napply: *deny": "default is true or false, found 'maybe'",
    "apply: *deny\napply: *deny": "cases.yaml:7: 'apply' is here twice",
    "apply: *nobody": "cases.yaml:6: no YAML: found undefined alias",
    "apply: [": "no YAML:",
}


@pytest.mark.parametrize("body", MISTAKES)
def test_a_mistake_is_refused_with_file_and_line(tmp_path: Path, body: str) -> None:
    said = complaint(tmp_path, body)
    assert MISTAKES[body] in said
    assert re.match(rf"{re.escape(str(tmp_path))}/cases\.yaml:\d+: ", said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cases.yaml:1: the file is empty"),
        ("[]", "cases.yaml:1: there is no case in this file"),
        ("cases: 3", "expected a list of cases, found '3'"),
        ("caess: []", "a case file has no field 'caess', did you mean 'cases'?"),
        (GOOD + GOOD.partition("cases:\n")[2], "cases.yaml:8: 'POLICY-900' is also at "),
        (GOOD.replace("POLICY-900", "POLICY-9"), "an id looks like POLICY-100, not 'POLICY-9'"),
        (GOOD.replace("POLICY-900", "POLICY-1000"), "an id looks like POLICY-100, not 'POLICY-1000'"),
        (GOOD.replace("  title: nothing comes in\n", ""), "cases.yaml:5: a case lacks the field 'title'"),
        (GOOD.replace("{level: core, spec: CLAUSE}", "{level: core}"), "cases.yaml:5: a case lacks the field 'spec'"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        load(written(tmp_path, text), CLAUSES)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.yaml: cannot be read"):
        load(tmp_path / "gone.yaml")


def test_a_title_is_unique_across_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD.replace("POLICY-900", "POLICY-901"))
    with pytest.raises(UsageError, match=r"b\.yaml:5: 'nothing comes in' is also at .*a\.yaml:5; ids and titles are"):
        load_all(tmp_path, CLAUSES)


def test_a_users_cases_are_those_of_a_file_or_a_folder(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    assert [case.id for case in load_own(file, CLAUSES)] == ["POLICY-900"]
    assert load_own(tmp_path, CLAUSES) == load_own(file, CLAUSES)


@pytest.mark.parametrize("ident", ["POLICY-101", "POLICY-899"])
def test_the_ids_of_shipped_cases_are_not_for_users(tmp_path: Path, ident: str) -> None:
    file = written(tmp_path, GOOD.replace("POLICY-900", ident))
    with pytest.raises(UsageError, match=rf"cases\.yaml:5: {ident} is for shipped cases; yours are POLICY-900 to"):
        load_own(file, CLAUSES)


def test_users_cases_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gone: there is no such file or folder"):
        load_own(tmp_path / "gone")
    with pytest.raises(UsageError, match=r"there is no \*\.yaml file in this folder"):
        load_own(tmp_path)


def test_a_step_that_leaves_everything_undefined_is_refused(tmp_path: Path) -> None:
    # The API leaves open whether an ipBlock is compared with a Service's address or with that of the pod behind it.
    blocks = "".join(f"{{ipBlock: {{cidr: '${{service {n}/{p}}}'}}}}, " for n in "xyz" for p in "abc")
    said = complaint(
        tmp_path,
        f"""\
        route: cluster-ip
        apply:
        - {{name: all, namespace: x, policyTypes: [Egress], egress: [{{to: [{blocks}]}}]}}
        - {{name: all, namespace: y, policyTypes: [Egress], egress: [{{to: [{blocks}]}}]}}
        - {{name: all, namespace: z, policyTypes: [Egress], egress: [{{to: [{blocks}]}}]}}
        """,
    )
    assert "step 1 (apply policy x/all" in said
    assert "what it asks is undefined for every pair of pods, nothing can be seen" in said
