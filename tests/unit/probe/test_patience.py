"""How long the prober waits."""

from __future__ import annotations

import pytest

from pytest_k8snet.probe.patience import Patience


@pytest.mark.parametrize(
    "wrong",
    [{"timeout": 0.0}, {"attempts": 0}, {"converge": -1.0}, {"hold": -1.0}, {"interval": -0.1}, {"agent": -1.0}],
)
def test_times_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        Patience(**wrong)  # type: ignore[arg-type]


def test_more_attempts_and_more_probes_get_more_time() -> None:
    assert Patience(attempts=3).for_probes(1) > Patience(attempts=1).for_probes(1)
    assert Patience().for_probes(10_000) > Patience().for_probes(10) + 10
