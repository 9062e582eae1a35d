"""The policy cases that a run has beside the shipped ones: the user's own, and those that are drawn at random."""

from __future__ import annotations

import inspect
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.catalogue import clauses
from pytest_k8snet.errors import UsageError
from pytest_k8snet.options import Settings
from pytest_k8snet.policy.case_files import load_own
from pytest_k8snet.policy.cases import Case
from pytest_k8snet.policy.fuzz import Drawn, draw_all
from pytest_k8snet.policy.parameters import parameter

OWN, DRAWN = "k8snet_own_case", "k8snet_drawn_case"
SEED = "k8snet_seed"
SEEDS = 1_000_000  # few enough digits to be typed


def with_seed(settings: Settings, worker_input: Mapping[str, Any] | None) -> Settings:
    """Return the settings with a seed where something is drawn: the controller's in a worker, else a new one."""
    if worker_input is not None:
        return replace(settings, seed=worker_input[SEED])
    if settings.fuzz and settings.seed is None:
        return replace(settings, seed=random.SystemRandom().randrange(SEEDS))
    return settings


@dataclass(frozen=True)
class RunCases:
    """The cases of a run. Every process reads and draws them for itself, alike."""

    own: tuple[Case, ...] = ()
    drawn: tuple[Drawn, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> RunCases:
        """Read and draw the cases. Raises pytest.UsageError, with file and line, for a file that is wrong."""
        try:
            own = load_own(Path(settings.policy_cases), clauses()) if settings.policy_cases else ()
        except UsageError as error:
            raise pytest.UsageError(f"--k8snet-policy-cases: {error}") from error
        return cls(own, draw_all(settings.seed or 0, settings.fuzz))

    def parametrize(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that plays such cases once for each."""
        if OWN in metafunc.fixturenames and self.own:
            metafunc.parametrize(OWN, [parameter(case) for case in self.own])
        if DRAWN in metafunc.fixturenames and self.drawn:
            metafunc.parametrize(DRAWN, [pytest.param(drawn, id=str(drawn)) for drawn in self.drawn])

    def lack(self, test: object) -> bool:
        """Tell whether a test plays such cases when there are none: nobody has asked for it, so it is not there."""
        wanted = inspect.signature(test).parameters if inspect.isfunction(test) else ()
        return (OWN in wanted and not self.own) or (DRAWN in wanted and not self.drawn)
