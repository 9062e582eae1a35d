"""Runs of the DNS suite where the cluster's DNS is not as usual, or where a drill is ended in the middle."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.embedded import ClusterOptions, launch
from pytest_k8snet.kube.restore import changed_config_maps
from tests.embedded.runs.conftest import Foreign, Start
from tests.runs import Session

OF_THE_SPECIFICATION, OF_THE_COREFILE = "DNS-001", "DNS-082"
SYSTEM = "kube-system"


def until(come: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not come():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def verdicts(session: Session, *ids: str) -> dict[str, tuple[str, str]]:
    """The outcome of each check, and its reason, once the run is over."""
    session.finish()
    checks = {check["id"]: check for check in session.report["checks"] if check["id"] in ids}
    return {name: (check["outcome"], check["reason"]) for name, check in checks.items()}


def corefile(foreign: Foreign) -> dict[str, Any]:
    found: dict[str, Any] = foreign.api.get("v1", "ConfigMap", "coredns", SYSTEM)
    return found


@contextmanager
def replicas(foreign: Foreign, number: int) -> Iterator[None]:
    """Let the cluster have another number of name servers."""

    def scale(wanted: int) -> None:
        foreign.api.patch("apps/v1", "Deployment", "coredns", {"spec": {"replicas": wanted}}, SYSTEM)
        until(lambda: ready() == wanted, f"there are not {wanted} name servers")

    def ready() -> int:
        return sum(
            bool(endpoint["conditions"]["ready"])
            for one in foreign.api.objects("discovery.k8s.io/v1", "EndpointSlice", SYSTEM)
            for endpoint in one.get("endpoints") or ()
            if one["addressType"] == "IPv4"
        )

    before = ready()
    scale(number)
    try:
        yield
    finally:
        scale(before)


def test_a_corefile_that_cannot_be_read_is_an_error_of_what_asks_by_it(start: Start, foreign: Foreign) -> None:
    before = corefile(foreign)["data"]
    broken = {"Corefile": before["Corefile"].replace("ready", "ready {", 1)}
    foreign.api.patch("v1", "ConfigMap", "coredns", {"data": broken}, SYSTEM)
    try:
        session = start("-n0", foreign.option, "-k", f"{OF_THE_SPECIFICATION} or {OF_THE_COREFILE}")
        seen = verdicts(session, OF_THE_SPECIFICATION, OF_THE_COREFILE)
    finally:
        foreign.api.patch("v1", "ConfigMap", "coredns", {"data": before}, SYSTEM)
    assert seen[OF_THE_SPECIFICATION][0] == "passed"
    outcome, reason = seen[OF_THE_COREFILE]
    assert outcome == "error"
    assert "the Corefile of the cluster cannot be read: Corefile:" in reason


def test_without_a_corefile_its_directives_are_skipped(start: Start, foreign: Foreign) -> None:
    before = corefile(foreign)
    foreign.api.delete("v1", "ConfigMap", "coredns", SYSTEM)
    try:
        session = start("-n0", foreign.option, "-k", f"{OF_THE_SPECIFICATION} or {OF_THE_COREFILE}")
        seen = verdicts(session, OF_THE_SPECIFICATION, OF_THE_COREFILE)
    finally:
        metadata = {"name": "coredns", "namespace": SYSTEM}
        foreign.api.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": before["data"]},
        )
    assert seen[OF_THE_SPECIFICATION][0] == "passed"
    assert seen[OF_THE_COREFILE] == (
        "skipped",
        "the ConfigMap kube-system/coredns is not there: another name server?",
    )


def test_without_a_name_server_all_is_skipped_with_what_was_found(start: Start, foreign: Foreign) -> None:
    with replicas(foreign, 0):
        session = start("-n0", foreign.option, "-k", f"{OF_THE_SPECIFICATION} or {OF_THE_COREFILE}")
        seen = verdicts(session, OF_THE_SPECIFICATION, OF_THE_COREFILE)
    reason = "the Service kube-system/kube-dns of DNS has no ready endpoint"
    assert seen == {OF_THE_SPECIFICATION: ("skipped", reason), OF_THE_COREFILE: ("skipped", reason)}


def test_a_cluster_domain_of_ones_own_is_asked_for(start: Start, tmp_path: Path) -> None:
    running = launch(ClusterOptions(nodes=2, domain="k8s.example"), tmp_path / "cluster")
    asked = ("DNS-001", "DNS-002", "DNS-030", "DNS-060", "DNS-070", "DNS-071", "DNS-080")
    try:
        session = start("-n0", f"--k8snet-kubeconfig={running.kubeconfig}", "-k", " or ".join(asked))
        seen = verdicts(session, *asked)
    finally:
        running.stop()
    assert {name: outcome for name, (outcome, _) in seen.items()} == dict.fromkeys(asked, "passed")


@pytest.mark.parametrize("workers", ["-n0", pytest.param("-n2", marks=pytest.mark.slow)])
def test_after_kill_9_in_a_drill_a_sweep_puts_the_corefile_back(start: Start, foreign: Foreign, workers: str) -> None:
    before = corefile(foreign)
    session = start(workers, foreign.option, "-m", "dns and drill", "-k", "DNS-102 or DNS-103")
    session.wait_for(lambda: [*changed_config_maps(foreign.api)])
    session.signal(signal.SIGKILL, to_all=True)
    session.finish()
    assert "k8snet-drill.test" in corefile(foreign)["data"]["Corefile"]
    swept = session.sweep("--run", session.run_id, f"--kubeconfig={foreign.kubeconfig}")
    assert (swept.returncode, swept.stderr) == (0, "")
    assert "put back the ConfigMap kube-system/coredns" in swept.stdout
    after = corefile(foreign)
    assert (after["data"], after["metadata"].get("labels"), after["metadata"].get("annotations")) == (
        before["data"],
        before["metadata"].get("labels"),
        before["metadata"].get("annotations"),
    )


def test_after_kill_9_the_twin_of_a_name_server_goes_with_its_run(start: Start, foreign: Foreign) -> None:
    session = start("-n0", foreign.option, "-m", "dns and drill", "-k", "DNS-106")
    session.wait_for(lambda: twin(foreign, session))
    session.signal(signal.SIGKILL, to_all=True)
    session.finish()
    assert twin(foreign, session)
    assert session.sweep().returncode == 0
    until(lambda: not twin(foreign, session), "the twin is still there")


def twin(foreign: Foreign, session: Session) -> bool:
    """Whether the twin of a run is there."""
    if "k8snet: run" not in session.text:
        return False
    pods = foreign.api.objects("v1", "Pod", SYSTEM)
    return f"k8snet-{session.run_id}-twin" in {pod["metadata"]["name"] for pod in pods}
