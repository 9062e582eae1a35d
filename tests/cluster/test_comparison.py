"""The outcomes that the embedded cluster is compared with are those of a real one, today as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.conftest import Real
from tests.comparison import recorded, steps
from tests.comparison.clusters import Cluster, NoKubectl
from tests.comparison.differences import compare, shown
from tests.comparison.runner import run


def test_the_recorded_outcomes_are_those_of_this_cluster(real: Real, tmp_path: Path) -> None:
    image = real.image.removeprefix("--k8snet-image=")
    try:
        cluster = Cluster(real.kubeconfig, real.context, image, tmp_path)
    except NoKubectl as error:
        pytest.skip(str(error))
    if cluster.version() != recorded.version():
        pytest.skip(f"the outcomes are recorded of Kubernetes {recorded.version()}, this is {cluster.version()}")
    outcomes = run(cluster, steps.load())
    cluster.close()
    found = compare(recorded.read(), outcomes)
    assert not found, f"- is recorded, + is seen; to record anew: python -m tests.comparison record\n{shown(found)}"
