"""What a real cluster cannot give: one clear message with the next step, exit code 4, and nothing left."""

from __future__ import annotations

import secrets

import pytest

from tests.cluster.conftest import Real, Start
from tests.runs import Session

OWN = {"test_it.py": "def test_it(k8snet_cluster): pass\n"}
NEEDS = """
from pytest_k8snet.checks import check
@check("MODEL-901", spec="", level="core", requires=("host_network",), catches=())
def test_needs_host_network(k8snet_cluster): pass
@check("MODEL-902", spec="", level="core", catches=())
def test_needs_nothing(k8snet_cluster): pass
"""


def refused(session: Session, real: Real) -> str:
    """Return the message with which a run ended, after seeing that nothing is left."""
    assert session.finish() == 4
    assert session.left() == []
    assert real.namespaces(session) == []
    return session.text[session.text.index("\nERROR: ") :]


@pytest.mark.parametrize(
    ("policy", "reason"), [("IfNotPresent", "ErrImagePull|ImagePullBackOff"), ("Never", "ErrImageNeverPull")]
)
def test_an_image_that_cannot_be_had(start: Start, real: Real, policy: str, reason: str) -> None:
    image = ("--k8snet-image=registry.invalid/nowhere:1", f"--k8snet-image-pull-policy={policy}")
    message = refused(start("-n0", *real.options, *image, "test_it.py", files=OWN), real)
    assert any(f"will not become Ready: container agent {each}" in message for each in reason.split("|"))
    assert "registry.invalid/nowhere:1" in message
    assert "--k8snet-image-pull-secret" in message or "load it into the nodes" in message


def test_an_image_without_python(start: Start, real: Real) -> None:
    image = "--k8snet-image=registry.k8s.io/pause:3.10.1"
    message = refused(start("-n0", *real.options, image, "test_it.py", files=OWN), real)
    assert "the image must bring python3" in message


def test_a_node_that_is_not_ready(start: Start, real: Real) -> None:
    name = f"k8snet-test-{secrets.token_hex(4)}"
    conditions = [{"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "made for a test"}]
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"conditions": conditions}}
    with real.made(node):
        message = refused(start("-n0", *real.options, "test_it.py", files=OWN), real)
    assert f"node {name} is not Ready: KubeletNotReady: made for a test" in message
    assert f"kubectl describe node {name}" in message


def test_a_selector_that_no_node_meets(start: Start, real: Real) -> None:
    selector = "--k8snet-node-selector=k8snet.io/no-such-label=yes"
    message = refused(start("-n0", *real.options, selector, "test_it.py", files=OWN), real)
    assert "no node matches the selector" in message


def test_stricter_pod_security_is_a_capability_that_is_missing(start: Start, real: Real) -> None:
    labels = "--k8snet-namespace-labels=pod-security.kubernetes.io/enforce=restricted"
    session = start("-n0", *real.options, labels, "test_it.py", files={"test_it.py": NEEDS})
    assert session.finish() == 0
    skipped, passed = session.report["checks"]
    assert (skipped["outcome"], passed["outcome"]) == ("skipped", "passed")
    assert 'violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true)' in skipped["reason"]
    assert real.namespaces(session) == []
