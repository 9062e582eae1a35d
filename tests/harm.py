"""A project whose tests do harm to the probe pods, and what its checks must end with."""

from __future__ import annotations

from tests.runs import Session

PROBES = """
import sys, time
import pytest
from pytest_k8snet.checks import check
from pytest_k8snet.kube.exec import exec_once
from pytest_k8snet.probe.observation import CONNECTS, Expectation, Expected, Probe, Protocol

KILL = '''
import os, signal
ages = {}
for pid in filter(str.isdecimal, os.listdir("/proc")):
    if int(pid) not in (os.getpid(), os.getppid()):
        with open(f"/proc/{pid}/stat") as stat:
            ages[int(stat.read().rpartition(")")[2].split()[19])] = int(pid)
os.kill(ages[max(ages)], signal.SIGKILL)
print("killed", ages[max(ages)], "of", sorted(ages.values()))
'''

def numbered(number):
    return check(f"MODEL-{number}", spec="", level="core", catches=())

@pytest.fixture
def ask(k8snet_cluster, k8snet_probe):
    def ask(source, target):
        probe = Probe(source, target.addresses[0], target.port, Protocol.TCP, target.name)
        wanted = Expectation("a table", {probe: Expected(CONNECTS, server=target.name)}, convergence=1.0)
        assert k8snet_probe(wanted) == wanted
    return ask

@pytest.fixture
def pods(k8snet_cluster):
    return k8snet_cluster.fleet.pods
"""

HARM = (
    PROBES
    + """
@numbered(901)
def test_an_agent_that_is_killed_is_replaced(k8snet_cluster, ask, pods):
    ask(pods[0], pods[1])
    channel = k8snet_cluster.attachment
    command = ["python3", "-c", KILL]
    done = channel.loop.run(
        exec_once(k8snet_cluster.api.endpoint(), pods[0].namespace, pods[0].name, pods[0].container, command)
    )
    assert done.stdout.startswith("killed"), done
    ask(pods[0], pods[1])

@numbered(902)
def test_a_quota_is_no_verdict(k8snet_namespace):
    spec = {"hard": {"pods": "0"}}
    k8snet_namespace.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": spec})
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:  # a quota counts only when its controller has seen it
        k8snet_namespace.pod(f"one-{time.monotonic_ns()}")

@numbered(903)
def test_before_the_pod_is_deleted(ask, pods):
    ask(pods[2], pods[0])

@numbered(904)
def test_a_source_that_is_deleted_is_no_verdict(k8snet_cluster, ask, pods):
    k8snet_cluster.api.delete("v1", "Pod", pods[2].name, pods[2].namespace, grace=0)
    k8snet_cluster.api.wait_gone("v1", "Pod", pods[2].name, pods[2].namespace)
    ask(pods[2], pods[0])

@numbered(905)
def test_a_target_that_is_deleted_is_no_verdict(ask, pods):
    ask(pods[0], pods[2])

@numbered(906)
def test_the_others_go_on(ask, pods):
    ask(pods[0], pods[1])
"""
)


def see_that_harm_gives_no_wrong_verdict(session: Session) -> None:
    outcomes = {check["id"][-3:]: check["outcome"] for check in session.report["checks"]}
    passed, error = "passed", "error"
    assert outcomes == {"901": passed, "902": error, "903": passed, "904": error, "905": error, "906": passed}
    reasons = {check["id"][-3:]: check["reason"] for check in session.report["checks"]}
    assert "exceeded quota: none" in reasons["902"]
    assert 'pods "n2-a" not found' in reasons["904"]
    assert "n2-a on node" in reasons["905"]
    assert "which this concerns, is gone" in reasons["905"]
