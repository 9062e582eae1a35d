"""Faults of the author's own in a running cluster, among them each shipped one stopped halfway: nothing of it stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_k8snet.calibration_rules import left_over
from pytest_k8snet.embedded import CannotStart, ClusterOptions, FaultFileError, Running, launch
from pytest_k8snet.embedded.faults_client import FaultError
from pytest_k8snet.embedded.injection import catalogue
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.exec import IoLoop
from tests.embedded.conftest import SECONDS, Space, is_ready

HALFWAY = '''
from pytest_k8snet.embedded.injection import catalogue
from pytest_k8snet.embedded.network.netns import NetworkCommandError


class Refusing:
    """A network namespace whose kernel takes no command any more."""

    def __init__(self, netns):
        self._netns = netns

    def __getattr__(self, name):
        return getattr(self._netns, name)

    async def ip(self, *commands):
        raise NetworkCommandError(f"ip in {self._netns.name} failed: refused")

    async def nft(self, ruleset):
        raise NetworkCommandError(f"nft in {self._netns.name} failed: refused")


class Halfway:
    """A fault of the catalogue that the second node, and the last pod, refuse; what is not refused fails at its end."""

    breaks = "nothing: it fails"
    layer = "data path"
    name = "halfway-NAME"

    def __init__(self):
        self._whole = catalogue()["NAME"]

    async def apply(self, cluster):
        nodes, links = list(cluster.network.nodes.values()), [link for _, link in cluster.network.links()]
        refusing = {place: place.netns for place in (nodes[1], links[-1])}
        for place, netns in refusing.items():
            place.netns = Refusing(netns)
        try:
            await self._whole.apply(cluster)
        finally:
            for place, netns in refusing.items():
                place.netns = netns
        raise RuntimeError("failed at its end")

    async def revert(self, cluster):
        await self._whole.revert(cluster)


def fault():
    return Halfway()
'''
STUBBORN = """
class Stubborn:
    name = "stubborn"
    breaks = "itself"
    layer = "kubelet"
    tries = 0

    async def apply(self, cluster):
        raise RuntimeError("no")

    async def revert(self, cluster):
        self.tries += 1
        if self.tries < 3:
            raise RuntimeError("still no")


def fault():
    return Stubborn()
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A cluster with two pods on each node and the faults above."""
    folder = tmp_path_factory.mktemp("faults")
    for name in catalogue():
        (folder / f"{name}.py").write_text(HALFWAY.replace("NAME", name))
    (folder / "stubborn.py").write_text(STUBBORN)
    run_dir = tmp_path_factory.mktemp("cluster") / "run"
    try:
        running = launch(ClusterOptions(nodes=2, faults_from=str(folder)), run_dir)
    except CannotStart as error:
        pytest.skip(str(error))
    with running:
        yield running


@pytest.fixture(scope="module")
def pods(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    api = KubeApi(Access(str(running.kubeconfig), "", tmp_path_factory.mktemp("client")))
    loop = IoLoop("tests")
    space = Space(running, api, loop, "default")
    places = {"a1": "node-1", "n1-b": "node-1", "b1": "node-2", "b2": "node-2"}
    for name, node in places.items():
        space.create(name, nodeSelector={"kubernetes.io/hostname": node})
    for name in places:
        space.wait(name, is_ready)
    deadline = time.monotonic() + SECONDS
    while " map { 0 : 10.244" not in str(running.faults().network_state()["node-2"]):
        assert time.monotonic() < deadline, "the nodes do not serve two name servers"
    yield space
    loop.close()
    api.close()


def until_as_before(before: dict[str, list[str]], pods: Space) -> None:
    """Pods tell their addresses a moment later, and endpoints follow these."""
    deadline = time.monotonic() + SECONDS
    while found := left_over(before, pods.running.faults().network_state()):
        assert time.monotonic() < deadline, found


@pytest.mark.parametrize("name", catalogue())
def test_of_a_fault_that_fails_halfway_nothing_stays(pods: Space, name: str) -> None:
    faults = pods.running.faults()
    before = faults.network_state()
    with pytest.raises(
        FaultError, match=r"failed while it was put in \(.*(refused|at its end).*; nothing of it is left"
    ):
        pods.running.inject(f"halfway-{name}")
    until_as_before(before, pods)
    assert not [fault.name for fault in faults.known() if fault.active]
    pods.running.inject(name)
    pods.running.restore(name)
    until_as_before(before, pods)


def test_some_faults_are_really_stopped_in_the_middle(pods: Space) -> None:
    for name in ("udp-dropped", "address-outside-pod-cidr", "hairpin-self-dropped"):
        with pytest.raises(FaultError, match="refused"):
            pods.running.inject(f"halfway-{name}")


def test_a_fault_that_cannot_be_taken_back_counts_as_in_and_can_be_restored_later(running: Running) -> None:
    def active() -> list[str]:
        return [fault.name for fault in running.faults().known() if fault.active]

    with pytest.raises(FaultError, match=r"could not be taken out again \(RuntimeError: still no\): restore it"):
        running.inject("stubborn")
    assert active() == ["stubborn"]
    with pytest.raises(FaultError, match=r"could not be taken out .* it counts as being in"):
        running.restore("stubborn")
    assert active() == ["stubborn"]
    running.restore("stubborn")
    assert active() == []


def test_with_a_file_that_cannot_be_used_there_is_no_cluster(tmp_path: Path) -> None:
    folder = tmp_path / "faults"
    folder.mkdir()
    (folder / "mine.py").write_text("def fault():\n    return surprise\n")
    with pytest.raises(FaultFileError, match=r"mine\.py:2: NameError: name 'surprise' is not defined"):
        launch(ClusterOptions(nodes=1, faults_from=str(folder)), tmp_path / "run")
    assert not (tmp_path / "run").exists()
