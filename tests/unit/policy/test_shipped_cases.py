"""The shipped cases: all of them can be played, and they cover what others have, name by name."""

from __future__ import annotations

import re
import time
from functools import cache
from itertools import combinations, permutations, product

import pytest

from conformance_suites import clauses
from pytest_k8snet.catalogue import policy_cases
from pytest_k8snet.embedded.injection import catalogue
from pytest_k8snet.oracle.policy_world import Verdict
from pytest_k8snet.policy.case_files import load_all
from pytest_k8snet.policy.cases import Apply, Case, Manifest, Route, is_cluster_wide
from pytest_k8snet.policy.coverage import GROUPS, group_of
from pytest_k8snet.policy.simulation import play
from pytest_k8snet.policy.world import judged
from tests.unit.policy.upstream_names import CONFORMANCE, FOR_EACH_PROTOCOL, UPSTREAM

# Cases and default cases of each group of cyclonus's generator at 12f646f; testcasegenerator_tests.go asserts the same.
COUNTS = {
    "target": (6, 6),
    "rules": (4, 4),
    "peers": (112, 22),
    "ports": (70, 58),
    "example": (1, 0),
    "action": (6, 6),
    "conflict": (16, 16),
    "namespace": (2, 0),
    "upstream": (13, 0),
}
STEPS = {"example": 7, "action": 16, "upstream": 23}
REQUIREMENT_OF = {
    "ClusterNetworkPolicy": "cluster_network_policy",
    "AdminNetworkPolicy": "admin_network_policy",
    "BaselineAdminNetworkPolicy": "baseline_admin_network_policy",
}
DIRECTIONS = ("ingress", "egress")
PEERS = [
    "all-pods policy-namespace",
    "pods-by-label policy-namespace",
    *(
        f"{pods} {namespaces}"
        for namespaces in ("all-namespaces", "namespaces-by-label")
        for pods in ("no-pod-selector", "all-pods", "pods-by-label")
    ),
    "ip-block",
    "ip-block-with-except",
]
PORTS = [
    *(f"{protocol} {port}" for protocol in ("default", "tcp", "udp", "sctp") for port in ("any", "80", "81")),
    *(f"{protocol} serve-{port}-{protocol}" for protocol in ("tcp", "udp", "sctp") for port in (80, 81)),
    *(f"{protocol} 53-{last}" for protocol in ("tcp", "udp", "sctp") for last in (80, 84)),
    "named port of another protocol",
    "named port that nobody serves",
    "port that nobody serves",
]


@cache
def shipped() -> tuple[Case, ...]:
    return policy_cases()


def covering(group: str) -> list[tuple[str, Case]]:
    return [(name, case) for case in shipped() for name in case.cyclonus if group_of(name) == group]


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_of_cyclonus_is_covered_in_number(group: str) -> None:
    found = covering(group)
    assert (len(found), sum(case.cyclonus_default for _, case in found)) == COUNTS[group]
    assert sum(len(case.steps) for _, case in found) == STEPS.get(group, COUNTS[group][0])


def test_the_default_set_of_cyclonus_can_be_selected_by_itself() -> None:
    default = [case for case in shipped() if case.cyclonus_default]
    assert (len(default), sum(len(case.steps) for case in default)) == (112, 122)


def test_every_peer_and_every_pair_of_peers_is_tried_in_both_directions() -> None:
    names = ["none", *PEERS, *(" + ".join(pair) for pair in combinations(PEERS, 2))]
    expected = {f"peers/{direction}/{name}" for direction, name in product(DIRECTIONS, names)}
    assert {name for name, _ in covering("peers")} == expected


def test_every_port_is_tried_in_both_directions() -> None:
    names = {name for name, _ in covering("ports")}
    assert {f"ports/{direction}/{name}" for direction, name in product(DIRECTIONS, ["none", *PORTS])} <= names
    assert sum(" + " in name for name in names) == 2 * 7


def test_every_upstream_test_is_covered_by_name() -> None:
    twins = [f"using {protocol}: {name}" for protocol in ("UDP", "SCTP") for name in FOR_EACH_PROTOCOL]
    assert len(UPSTREAM) + len(twins) == 48
    assert sorted(name for case in shipped() for name in case.upstream) == sorted([*UPSTREAM, *twins])


def test_no_case_of_cyclonus_is_named_twice() -> None:
    names = [name for case in shipped() for name in case.cyclonus]
    assert (len(names), len(set(names))) == (230, 230)


def test_ids_say_where_a_case_comes_from() -> None:
    for case in shipped():
        number = int(case.id.removeprefix("POLICY-"))
        if cluster_wide(case):
            assert number in range(700, 760 if "cluster_network_policy" in case.requires else 800), case.id
            continue
        ours = not case.cyclonus and not case.upstream
        assert number in (range(450, 700) if ours else range(400, 450) if case.upstream else range(100, 400)), case.id


def test_a_case_with_cluster_wide_policies_needs_their_kind() -> None:
    for case in shipped():
        needed = {REQUIREMENT_OF[policy["kind"]] for policy in applied(case) if is_cluster_wide(policy)}
        assert needed <= set(case.requires), case.id


def test_every_conformance_test_of_the_policy_api_that_asks_pods_is_covered() -> None:
    assert sorted(name for case in shipped() for name in case.conformance) == sorted(CONFORMANCE)


def test_a_single_case_plays_the_policy_of_which_a_cluster_has_one() -> None:
    kinds = {case.id: {policy["kind"] for policy in applied(case)} for case in shipped()}
    assert [ident for ident, found in kinds.items() if "BaselineAdminNetworkPolicy" in found] == ["POLICY-765"]


def test_the_faults_that_cases_name_are_those_of_the_embedded_cluster() -> None:
    assert {fault for case in shipped() for fault in case.catches} <= catalogue().keys()


def test_every_case_names_its_faults_on_one_line_of_its_own() -> None:
    text = "".join(file.read_text() for file in {case.file for case in policy_cases()})
    assert len(re.findall(r"^  catches: \[.*\]$", text, flags=re.MULTILINE)) == len(shipped())


def test_reading_all_cases_takes_a_moment() -> None:
    folder = policy_cases()[0].file.parent
    started = time.process_time()
    load_all(folder, clauses.by_name())
    assert time.process_time() - started < 0.5


def applied(case: Case) -> list[Manifest]:
    return [action.policy for step in case.steps for action in step.actions if isinstance(action, Apply)]


def cluster_wide(case: Case) -> bool:
    return any(is_cluster_wide(policy) for policy in applied(case))


def asks_addresses(case: Case) -> bool:
    return any("ipBlock" in str(policy) or "networks" in str(policy) for policy in applied(case))


def test_a_service_is_never_asked_where_an_address_could_be_its_own_or_the_pods() -> None:
    assert [case.id for case in shipped() if asks_addresses(case) and case.steps[0].route is not Route.POD] == []


LEFT_OPEN = "POLICY-728"
"""The case that is about what the API leaves open."""


@pytest.mark.parametrize("case", [case for case in shipped() if case.id != LEFT_OPEN], ids=lambda case: case.id)
def test_between_different_pods_a_case_leaves_nothing_undefined(case: Case) -> None:
    for state, step in zip(play(case), case.steps, strict=True):
        for source, target in list(permutations(state.pods, 2))[::7]:
            for protocol, port in product(step.protocols, step.ports):
                said = judged(state, source, target, "ipv4", protocol, port, step.route)
                assert said.verdict is not Verdict.UNDEFINED, said.because
