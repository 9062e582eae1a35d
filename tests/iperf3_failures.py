"""A project whose tests see how each failure of an iperf3 server and its client is told. Run with --k8snet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.errors import MeasurementError, NoVerdict, PodNotReady
from pytest_k8snet.kube.exec import exec_once
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.kube.wait import Deadline, wait_for_job
from pytest_k8snet.measure.iperf3 import jobs
from pytest_k8snet.measure.iperf3.bench import Bench, Site, open_bench
from pytest_k8snet.measure.iperf3.client import Client
from pytest_k8snet.measure.iperf3.failures import Unreached
from pytest_k8snet.measure.iperf3.transfer import Amount, Manner, Transfer

SOON = 15.0


@pytest.fixture(scope="module")
def bench(k8snet_cluster: Cluster) -> Iterator[Bench]:
    with open_bench(k8snet_cluster) as made:
        yield made


def to(bench: Bench, node: str, *, port: int = 0, **amount: int) -> Transfer:
    pod = bench.server(Site(node)).pod
    return Transfer(pod.addresses[0], port or pod.port, Manner(), Amount(**(amount or {"bytes": 50_000_000})))


def start_job(cluster: Cluster, namespace: str, name: str, node: str, image: str = "") -> None:
    state, settings = cluster.attachment.state, cluster.attachment.settings
    request = PodRequest(name, node, containers={jobs.CONTAINER: ()})
    chosen = replace(settings, image=image or settings.image)
    cluster.api.create(jobs.client(state.run_id, namespace, request, chosen, "iperf3"))


def meanwhile(client: Client, transfer: Transfer, do: Callable[[], object]) -> list[object]:
    """Do something while a client runs; return what became of the run."""
    seen: list[object] = []

    def run() -> None:
        try:
            seen.append(client.run(transfer))
        except Exception as error:
            seen.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    do()
    thread.join()
    return seen


def test_a_run_is_a_number_with_its_version(k8snet_cluster: Cluster, bench: Bench) -> None:
    first, second = (node.name for node in k8snet_cluster.nodes[:2])
    found = bench.client(Site(first)).run(to(bench, second))
    assert found.bits_per_second > 1e6
    assert bench.versions["iperf3-client-pod-n1"].startswith("iperf 3.")


def test_an_image_without_iperf3_is_found_before_any_job_is_made(k8snet_cluster: Cluster) -> None:
    with (
        pytest.raises(MeasurementError, match="there is no iperf3-of-nobody in") as raised,
        open_bench(k8snet_cluster, "iperf3-of-nobody"),
    ):
        pass
    assert raised.value.hint


def test_a_container_without_iperf3_says_so(k8snet_cluster: Cluster, bench: Bench) -> None:
    other = Bench(k8snet_cluster, bench.namespace, bench.namespace, "iperf3-of-nobody")
    # Whether its pod was seen running first decides who says it.
    with pytest.raises(NoVerdict, match="container iperf3 ended with exit code 127"):
        other.client(Site(k8snet_cluster.nodes[2].name))


def test_a_job_that_fits_nowhere_ends_the_wait_early(k8snet_cluster: Cluster, k8snet_namespace: Namespace) -> None:
    start_job(k8snet_cluster, k8snet_namespace.name, "nowhere", "no-such-node")
    began = time.monotonic()
    with pytest.raises(PodNotReady, match="Unschedulable: 0/"):
        wait_for_job(k8snet_cluster.api, k8snet_namespace.name, "nowhere", Deadline(60))
    assert time.monotonic() - began < SOON


def test_an_image_that_cannot_be_pulled_ends_the_wait_early(
    k8snet_cluster: Cluster, k8snet_namespace: Namespace
) -> None:
    start_job(k8snet_cluster, k8snet_namespace.name, "no-image", k8snet_cluster.nodes[0].name, "does-not-exist")
    began = time.monotonic()
    with pytest.raises(PodNotReady, match=r"ErrImage|ImagePullBackOff"):
        wait_for_job(k8snet_cluster.api, k8snet_namespace.name, "no-image", Deadline(60))
    assert time.monotonic() - began < SOON


def test_a_port_that_nobody_serves_is_refused(k8snet_cluster: Cluster, bench: Bench) -> None:
    first, second = (node.name for node in k8snet_cluster.nodes[:2])
    with pytest.raises(Unreached, match="nobody serves the port"):
        bench.client(Site(first)).run(to(bench, second, port=5999))


def test_a_policy_that_blocks_the_port_is_told_as_silence(k8snet_cluster: Cluster, bench: Bench) -> None:
    first, second = (node.name for node in k8snet_cluster.nodes[:2])
    client, transfer = bench.client(Site(first)), to(bench, second)
    deny = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    bench.namespace.apply(deny)
    try:
        with pytest.raises(Unreached, match="nothing came back") as raised:
            client.run(transfer)
        assert "NetworkPolicy" in raised.value.hint
    finally:
        bench.namespace.remove(deny)
    deadline = Deadline(SOON)
    while True:
        try:
            assert client.run(transfer).bytes
        except Unreached:
            assert deadline.left(), "still blocked"
        else:
            break


def test_a_server_that_is_busy_says_so(k8snet_cluster: Cluster, bench: Bench) -> None:
    first, second = (node.name for node in k8snet_cluster.nodes[:2])
    client, other = bench.client(Site(first)), bench.client(Site(second))
    short, long = to(bench, second), to(bench, second, seconds=3)
    refused: list[object] = []

    def knock() -> None:
        deadline = Deadline(10)
        while deadline.left() and not refused:
            try:
                other.run(short)
            except MeasurementError as error:
                refused.append(error)

    refused += [seen for seen in meanwhile(client, long, knock) if isinstance(seen, MeasurementError)]
    assert "busy" in str(refused[0])


def test_an_iperf3_that_is_killed_in_the_middle_gives_no_number(k8snet_cluster: Cluster, bench: Bench) -> None:
    first, second = (node.name for node in k8snet_cluster.nodes[:2])
    client, transfer = bench.client(Site(first)), to(bench, second, seconds=5)
    seen = meanwhile(client, transfer, lambda: kill(k8snet_cluster, bench, "client-pod-n1", "iperf3 -c"))
    assert "SIGKILL" in str(seen[0])


def test_a_client_whose_pod_is_deleted_in_the_middle_gives_no_number(k8snet_cluster: Cluster, bench: Bench) -> None:
    first, second = (node.name for node in k8snet_cluster.nodes[:2])
    pod = pod_of(k8snet_cluster, bench, "client-pod-n1")
    seen = meanwhile(
        bench.client(Site(first)),
        to(bench, second, seconds=5),
        lambda: k8snet_cluster.api.delete("v1", "Pod", pod, bench.namespace.name, grace=0),
    )
    assert "is gone: " in str(seen[0])


def test_a_server_that_is_killed_in_the_middle_gives_no_number(k8snet_cluster: Cluster, bench: Bench) -> None:
    second = k8snet_cluster.nodes[1].name
    client, transfer = bench.client(Site(second)), to(bench, second, seconds=5)
    pod = pod_of(k8snet_cluster, bench, "server-pod-n2")
    seen = meanwhile(
        client, transfer, lambda: k8snet_cluster.api.delete("v1", "Pod", pod, bench.namespace.name, grace=0)
    )
    assert isinstance(seen[0], MeasurementError), seen


def pod_of(cluster: Cluster, bench: Bench, job: str) -> str:
    (pod,) = cluster.api.objects("v1", "Pod", bench.namespace.name, labels=f"k8snet.io/pod=iperf3-{job}")
    return str(pod["metadata"]["name"])


def kill(cluster: Cluster, bench: Bench, job: str, pattern: str) -> None:
    """Kill the processes of a pod whose command line has a pattern, as soon as there is one."""
    script = 'until grep -lsa -- "$0" /proc/[0-9]*/comm >/dev/null; do :; done; sleep 0.5; '
    script += (
        'for f in /proc/[0-9]*/comm; do grep -qs "^iperf3$" "$f" && { p=${f#/proc/}; kill -9 "${p%/comm}"; }; done'
    )
    command = ("sh", "-c", script, pattern.split()[0])
    done = exec_once(
        cluster.attachment.endpoint, bench.namespace.name, pod_of(cluster, bench, job), jobs.CONTAINER, command
    )
    cluster.attachment.loop.run(done)
