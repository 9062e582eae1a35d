"""What was tested, with what, and how one check is run again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_k8snet.checks import REQUIREMENTS
from pytest_k8snet.environment import describe, repeat_command
from pytest_k8snet.options import Settings
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.report.record import CniRecord, NodeRecord
from pytest_k8snet.state import ClusterState, Cni, Fleet, Node

TEST = "model/test_mesh.py::test_mesh[ipv4-tcp]"


def _repeat(command_line: str, path: str = "/opt/suites/model/test_mesh.py") -> str:
    return repeat_command(TEST, path, shlex.split(command_line))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("--k8snet", ""),
        ("", ""),
        ("--k8snet-context kind-lab", "--k8snet-context=kind-lab "),
        ("--k8snet-context=kind-lab -x", "--k8snet-context=kind-lab "),
        ("-x -n 4 --k8snet-image lab/probe:latest tests/", "--k8snet-image=lab/probe:latest "),
        ("--k8snet-kind-keep -n 4", "--k8snet-kind-keep=true "),
        ("-q --k8snet-kind-keep", "--k8snet-kind-keep=true "),
        ("--k8snet-kind-keep no -q", "--k8snet-kind-keep=no "),
        ("--k8snet-seed 7 --k8snet-profile nightly -v", "--k8snet-seed=7 --k8snet-profile=nightly "),
        ("--k8snet-node-selector 'a=b'", "--k8snet-node-selector=a=b "),
        ("--k8snet-tolerations '*'", "'--k8snet-tolerations=*' "),
        ("-k -k8snet -m 'not core' --junitxml out.xml", ""),
    ],
)
def test_one_check_is_repeated_with_our_options_and_no_others(given: str, kept: str) -> None:
    assert _repeat(f"--k8snet {given}") == (
        f"pytest --k8snet {kept}'/opt/suites/model/test_mesh.py::test_mesh[ipv4-tcp]'"
    )


@pytest.mark.parametrize(("given", "seeds"), [("--k8snet-fuzz 3", ["7"]), ("--k8snet-seed 5", ["5"])])
def test_a_seed_that_was_drawn_is_repeated_as_well(given: str, seeds: list[str]) -> None:
    command = repeat_command(TEST, "/opt/suites/test_fuzz.py", shlex.split(given), seed=7)
    assert re.findall(r"--k8snet-seed=(\d+)", command) == seeds


def test_what_is_repeated_selects_one_test_and_the_same_cluster(pytester: pytest.Pytester) -> None:
    file = pytester.makepyfile("def test_a(): pass\ndef test_b(): pass\n")
    given = ["--k8snet", "--k8snet-kind-keep", "-q", "--k8snet-image", "x"]
    _, *arguments = shlex.split(repeat_command(f"{file.name}::test_b", str(file), given))
    config = pytester.parseconfig(*arguments)
    assert config.args == [f"{file.name}::test_b"]
    assert (config.getoption("k8snet_kind_keep"), config.getoption("k8snet_image")) == ("true", "x")


def test_a_path_is_given_from_where_pytest_was_started_when_that_is_shorter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _repeat("", str(tmp_path / "tests" / "test_mesh.py")).endswith(" 'tests/test_mesh.py::test_mesh[ipv4-tcp]'")


def test_a_run_that_ended_before_its_cluster_was_ready_still_says_what_ran(
    make_settings: Callable[..., Settings],
) -> None:
    made = describe(None, make_settings(seed=7), ["--k8snet", "-k", "a b"])
    assert made.command_line == "pytest --k8snet -k 'a b'"
    assert made.seed == 7
    assert {"k8snet", "python", "pytest", "kubernetes client"} <= set(made.versions)
    assert (made.provider, made.nodes, made.fleet) == ("", [], [])


@pytest.fixture
def state(tmp_path: Path) -> ClusterState:
    return ClusterState(
        run_id="1a2b",
        kubeconfig="/k",
        context="lab",
        scratch=tmp_path,
        provider="existing",
        why="--k8snet-context lab",
        version="v1.34.0",
        cni=Cni("kindnet", "routed"),
        namespace="k8snet-1a2b-1",
        host_namespace="k8snet-1a2b-2",
        nodes=(Node("node-1", ("10.200.0.1",), ("10.244.1.0/24",), "6.1", "Debian", "containerd://2", "v1.34.0"),),
        fleet=Fleet((Pod("ns", "a", "node-1", ("10.244.1.2",)),), (Pod("ns", "h", "node-1", host_network=True),)),
        outside=None,
        families=(Family.IPV4,),
        proxy_mode="nftables",
        mtu=1450,
        missing={"ipv6": "no probe pod has an ipv6 address"},
        untried=("policy_enforced",),
    )


def test_the_cluster_is_described_as_the_preflight_found_it(state: ClusterState, settings: Settings) -> None:
    made = describe(state, settings, [])
    assert (made.provider, made.why_this_cluster, made.context) == ("existing", "--k8snet-context lab", "lab")
    assert (made.run_id, made.mtu, made.families) == ("1a2b", 1450, ["ipv4"])
    assert made.versions["kubernetes"] == "v1.34.0"
    assert made.cni == CniRecord("kindnet", "routed")
    assert made.proxy_mode == "nftables"
    assert made.nodes == [
        NodeRecord("node-1", "6.1", "Debian", "containerd://2", "v1.34.0", ["10.200.0.1"], ["10.244.1.0/24"])
    ]
    assert [(pod.pod, pod.node, pod.host_network) for pod in made.fleet] == [
        ("ns/a", "node-1", False),
        ("ns/h", "node-1", True),
    ]


def test_claims_are_described_as_they_were_made(state: ClusterState, settings: Settings) -> None:
    claimed = replace(state, claimed={"sctp": "claims.toml:2"}, denied={"ipv6": "not there (claims.toml:3)"})
    assert describe(claimed, settings, []).claims == {"sctp": True, "ipv6": False}


def test_a_capability_is_either_there_or_missing_with_its_reason(state: ClusterState, settings: Settings) -> None:
    capabilities = describe(state, settings, []).capabilities
    assert capabilities["ipv6"] == "no probe pod has an ipv6 address"
    assert capabilities["ipv4"] == ""
    assert set(capabilities) == set(REQUIREMENTS) - {"policy_enforced"}
