"""What is measured with, and what each check takes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance_suites.performance.parameters import Carried
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.iperf3.bandwidth import Bandwidth
from pytest_k8snet.measure.iperf3.bench import not_permitted, open_bench
from pytest_k8snet.measure.iperf3.figures import figures, warnings
from pytest_k8snet.measure.iperf3.paths import Path
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.latency.paths import Places, places
from pytest_k8snet.measure.rounds import Plan
from pytest_k8snet.measuring import Measuring
from pytest_k8snet.probe.observation import Family


@pytest.fixture(scope="session")
def bandwidth(cluster: Cluster, plan: Plan) -> Iterator[Bandwidth]:
    """Return what measures bandwidth, with servers and clients that all checks share."""
    if reason := not_permitted(cluster.api):
        pytest.skip(reason)
    with open_bench(cluster) as bench:
        made = Bandwidth(cluster, bench, plan)
        yield made
        made.close()


@pytest.fixture
def carried(bandwidth: Bandwidth, measure: Measuring, family: Family, request: pytest.FixtureRequest) -> Judged:
    """Return what is judged of a path with a load, which are the parameter; skips the test when there is no such path.

    The paths of all checks with the same load are measured in the same rounds, beside the same baseline.
    """
    asked: Carried = request.param
    if reason := bandwidth.lacks(asked.path, family):
        pytest.skip(reason)
    judged = bandwidth.judged(asked.load, asked.path, family, among(asked, request))
    against = f"{Path.HOSTS}, {asked.load}"
    for path in (asked.path, Path.HOSTS):
        course = bandwidth.course(asked.load, path, family)
        for figure in figures(course.told(path)):
            measure.figure(*figure)
    course = bandwidth.course(asked.load, asked.path, family)
    for note in (course.command, *warnings(asked.load.manner, course.seen)):
        measure.note(note)
    return measure.decided(judged, unit=asked.load.unit, against=against)


def among(asked: Carried, request: pytest.FixtureRequest) -> list[Path]:
    """Return the paths that checks of this process ask for with the same load; each worker of xdist has its own."""
    if hasattr(request.config, "workerinput"):
        return [asked.path]
    others = [item.callspec.params.get("carried") for item in request.session.items if hasattr(item, "callspec")]
    return [other.path for other in others if isinstance(other, Carried) and other.load == asked.load]


@pytest.fixture(scope="session")
def latency_places(cluster: Cluster) -> Iterator[Places]:
    """Return the pods between which latency is measured, and a Service in front of one of them."""
    with places(cluster) as made:
        yield made
