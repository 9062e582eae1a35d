"""The embedded cluster answers as a real one did, but for the differences that are allowed with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8snet.embedded import CannotStart, launch
from tests.comparison import recorded, steps
from tests.comparison.clusters import Cluster, NoKubectl
from tests.comparison.differences import compare, load, verdict
from tests.comparison.runner import run
from tests.comparison.shape import LIKE_THE_REAL_ONE

IMAGE = "example/any:latest"  # containers here run programs of this machine, whatever the image


def test_the_scenario_has_the_outcomes_of_a_real_cluster(tmp_path: Path) -> None:
    try:
        running = launch(LIKE_THE_REAL_ONE, tmp_path / "run")
    except CannotStart as error:
        pytest.skip(str(error))
    with running:
        try:
            cluster = Cluster(str(running.kubeconfig), "", IMAGE, tmp_path)
        except NoKubectl as error:
            pytest.skip(str(error))
        outcomes = run(cluster, steps.load())
        cluster.close()
    told = verdict(compare(recorded.read(), outcomes), load())
    assert not told, f"- is the real cluster, + the embedded one\n{told}"
