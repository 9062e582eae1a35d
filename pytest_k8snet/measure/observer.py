"""Who makes probes once, as far as measurements need to know."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from pytest_k8snet.probe.observation import Observation, Probe
from pytest_k8snet.probe.patience import Patience


class Observer(Protocol):
    """Who makes probes: ``probe.prober.Prober``."""

    def observe(self, probes: Collection[Probe], patience: Patience | None = None) -> dict[Probe, Observation]:
        """Make all probes at once and return what each saw."""
