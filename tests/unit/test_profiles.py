"""Which levels a profile runs, and with how much patience."""

from __future__ import annotations

import pytest

from pytest_k8snet.embedded.faults.policy_late import LATE_SECONDS
from pytest_k8snet.profiles import CALIBRATION, LEVELS, PROFILES, Profile

EVERY = pytest.mark.parametrize("profile", [*PROFILES.values(), CALIBRATION], ids=[*PROFILES, "calibration"])


@EVERY
def test_every_profile_runs_the_core_level_and_only_levels_that_exist(profile: Profile) -> None:
    assert "core" in profile.levels
    assert profile.levels <= set(LEVELS)


@EVERY
def test_no_profile_causes_failures_on_purpose(profile: Profile) -> None:
    assert "drill" not in profile.levels


@EVERY
def test_every_profile_has_time_for_a_probe_that_times_out_and_another_one(profile: Profile) -> None:
    assert profile.converge >= 2 * profile.timeout


@pytest.mark.parametrize("name", PROFILES)
def test_what_came_true_must_stay_so(name: str) -> None:
    assert PROFILES[name].hold > 0


def test_acceptance_waits_no_shorter_than_the_standard() -> None:
    standard, acceptance = PROFILES["standard"], PROFILES["acceptance"]
    assert acceptance.levels > standard.levels
    assert acceptance.converge > standard.converge
    assert acceptance.hold > standard.hold


def test_in_a_calibration_late_policies_are_too_late_for_what_measures_them_and_for_nothing_else() -> None:
    assert CALIBRATION.measuring.takes_hold < LATE_SECONDS < CALIBRATION.converge
