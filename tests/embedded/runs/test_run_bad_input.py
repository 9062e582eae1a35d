"""What a run cannot work with: one clear message with the next step, exit code 4, and nothing left."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from tests.embedded.runs.conftest import Foreign, Start
from tests.embedded.runs.proxy import proxied
from tests.harm import HARM, PROBES, see_that_harm_gives_no_wrong_verdict
from tests.runs import LINGERS, Session

OWN = {"test_it.py": "def test_it(k8snet_cluster): pass\n"}
FILE = "--k8snet-kubeconfig=config"


def refused(session: Session) -> str:
    """Return the message with which a run ended, after seeing that there is one, and that nothing is left."""
    assert session.finish() == 4
    assert session.left() == []
    assert session.report["exit_status"] == 4
    assert "Traceback" not in session.text
    found = re.findall(r"^ERROR: (.*\n.+)$", session.text, re.MULTILINE)
    assert len(found) == 1, session.text
    return str(found[0])


def changed(foreign: Foreign, **cluster_or_user: str) -> dict[str, str]:
    """Return the project with the kubeconfig of the cluster, changed."""
    config = yaml.safe_load(foreign.kubeconfig.read_text())
    for part in (config["clusters"][0]["cluster"], config["users"][0]["user"]):
        part.update({name: value for name, value in cluster_or_user.items() if name in part})
    return OWN | {"config": yaml.safe_dump(config)}


def test_an_api_that_is_not_there(start: Start, foreign: Foreign) -> None:
    message = refused(start("-n0", FILE, "test_it.py", files=changed(foreign, server="https://127.0.0.1:1")))
    assert "no answer from the API at https://127.0.0.1:1: [Errno 111] Connection refused" in message
    assert "Does 'kubectl --kubeconfig" in message


def test_expired_credentials(start: Start, foreign: Foreign) -> None:
    message = refused(start("-n2", FILE, "test_it.py", files=changed(foreign, token="of yesterday")))
    assert "Unauthorized" in message
    assert "log in again" in message


@pytest.mark.slow
def test_a_context_that_is_not_there(start: Start, foreign: Foreign) -> None:
    message = refused(start("-n0", foreign.option, "--k8snet-context=nope", "test_it.py", files=OWN))
    assert "Expected object with name nope" in message
    assert "kubectl config get-contexts" in message


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "42", "- a\n", "a: [b\n  c: {", "kind: Config\n"])
def test_a_kubeconfig_that_is_none(start: Start, text: str) -> None:
    message = refused(start("-n0", FILE, "test_it.py", files=OWN | {"config": text}))
    assert "config cannot be used: " in message


@pytest.mark.slow
def test_an_api_that_hangs(start: Start, foreign: Foreign) -> None:
    with proxied(foreign.kubeconfig) as (proxy, config):
        proxy.stall()
        message = refused(start("-n0", FILE, "test_it.py", files=OWN | {"config": config}))
    assert "the cluster's API cannot be used" in message


@pytest.mark.parametrize("what", ["cut", pytest.param("stall", marks=pytest.mark.slow)])
def test_an_api_that_is_lost_while_the_fleet_is_made(start: Start, foreign: Foreign, what: str) -> None:
    with proxied(foreign.kubeconfig) as (proxy, config):
        session = start("-n0", FILE, "test_it.py", files=OWN | {"config": config})
        session.wait_for("nodes take probe pods")
        if what == "cut":
            proxy.cut(for_good=True)
        else:
            proxy.stall()
        assert session.finish() == 4
    assert "no answer from the API" in session.text
    assert f"remove with: k8snet sweep --run {session.run_id}" in session.text
    # Its folder stays, so that a sweep finds the cluster as soon as it answers again.
    (session.folder / "config").write_text(foreign.kubeconfig.read_text())
    assert session.sweep().returncode == 0
    assert session.left() == []
    assert foreign.namespaces(session) == []


def test_an_image_that_cannot_be_pulled(start: Start, foreign: Foreign) -> None:
    image = "--k8snet-image=registry.test/does-not-exist:1"
    message = refused(start("-n0", foreign.option, image, "test_it.py", files=OWN))
    assert "will not become Ready: container agent" in message
    assert "does-not-exist" in message
    assert "--k8snet-image-pull-secret" in message


@contextmanager
def not_ready(foreign: Foreign, node: str) -> Iterator[None]:
    before = foreign.api.get("v1", "Node", node)["status"]["conditions"]
    conditions = [{"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "disk is full"}]
    foreign.set_conditions(node, conditions)
    try:
        yield
    finally:
        foreign.set_conditions(node, before)


def test_a_node_that_is_not_ready(start: Start, foreign: Foreign) -> None:
    with not_ready(foreign, "node-2"):
        message = refused(start("-n0", foreign.option, "test_it.py", files=OWN))
    assert "node node-2 is not Ready: KubeletNotReady: disk is full" in message
    assert "kubectl describe node node-2" in message


def test_stricter_pod_security_is_a_capability_that_is_missing(start: Start, foreign: Foreign) -> None:
    needs = """
        from pytest_k8snet.checks import check
        @check("MODEL-901", spec="", level="core", requires=("host_network",), catches=())
        def test_needs_host_network(k8snet_cluster): pass
        @check("MODEL-902", spec="", level="core", catches=())
        def test_needs_nothing(k8snet_cluster): pass
    """.replace("\n        ", "\n")
    labels = "--k8snet-namespace-labels=pod-security.kubernetes.io/enforce=restricted"
    session = start("-n0", foreign.option, labels, "test_it.py", files={"test_it.py": needs})
    assert session.finish() == 0
    skipped, passed = session.report["checks"]
    assert (skipped["outcome"], passed["outcome"]) == ("skipped", "passed")
    assert 'violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true)' in skipped["reason"]
    assert foreign.namespaces(session) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up what root may")
def test_a_machine_that_allows_no_namespaces(start: Start) -> None:
    session = start("-n0", "test_it.py", files=OWN, prefix=("setpriv", "--bounding-set=-all", "--inh-caps=-all"))
    assert session.finish() == 4
    assert "the embedded cluster cannot be started on this machine: " in session.text
    assert "--k8snet-context NAME" in session.text
    assert session.left(patience=5) == []


def test_harm_to_pods_in_the_middle_gives_no_wrong_verdict(start: Start, foreign: Foreign) -> None:
    session = start("-n0", foreign.option, "test_it.py", files={"test_it.py": HARM})
    assert session.finish() == 3
    see_that_harm_gives_no_wrong_verdict(session)
    assert foreign.namespaces(session) == []


def test_an_api_that_drops_all_connections_once_is_no_error(start: Start, foreign: Foreign) -> None:
    probes = PROBES + (
        "import pathlib\n"
        "@numbered(901)\ndef test_before_and_after(ask, pods):\n    ask(pods[0], pods[1])\n"
        "    pathlib.Path('lingering').touch()\n"
        "    while not pathlib.Path('go-on').exists():\n        time.sleep(0.01)\n"
        "    ask(pods[0], pods[1])\n"
    )
    with proxied(foreign.kubeconfig) as (proxy, config):
        session = start("-n0", FILE, "test_it.py", files={"test_it.py": probes, "config": config})
        session.wait_until_it_lingers()
        proxy.cut(for_good=False)
        session.go_on()
        assert session.finish() == 0
    assert session.left() == []


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
@pytest.mark.parametrize("what", ["cut", "stall"])
def test_a_cluster_that_is_lost_ends_the_session(start: Start, foreign: Foreign, what: str, workers: str) -> None:
    many = (
        "@pytest.mark.parametrize('number', range(20))\ndef test_many(number, ask, pods):\n    ask(pods[0], pods[1])\n"
    )
    project = {"test_it.py": LINGERS + PROBES + many}
    with proxied(foreign.kubeconfig) as (proxy, config):
        session = start(workers, FILE, "test_it.py", files=project | {"config": config})
        session.wait_until_it_lingers()
        if what == "cut":
            proxy.cut(for_good=True)
        else:
            proxy.stall()
        session.go_on()
        assert session.finish(seconds=150) == 3
    assert "the cluster of this run is lost, no more tests are run: get Namespace" in session.text
    assert f"remove with: k8snet sweep --run {session.run_id}" in session.text
    assert session.report["exit_status"] == 3
    (session.folder / "config").write_text(foreign.kubeconfig.read_text())
    assert session.sweep().returncode == 0
    assert foreign.namespaces(session) == []
