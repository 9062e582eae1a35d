"""Policy cases that a run has beside the shipped ones: collected when asked for, alike in every process."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_k8snet.options import Settings, defaults
from pytest_k8snet.run_cases import SEED, SEEDS, RunCases, with_seed

NOWHERE = "--k8snet-kubeconfig=/nonexistent/kubeconfig"
CASES = """\
- {id: POLICY-900, title: one, level: core, spec: "https://example.org/", apply: {name: a, namespace: x}}
- {id: POLICY-901, title: two, level: drill, spec: NETWORK_POLICY, apply: {name: a, namespace: x}}
"""
TESTS = """
def test_own(k8snet_own_case): pass
def test_drawn(k8snet_drawn_case): pass
class TestInAClass:
    def test_own(self, k8snet_own_case): pass
def test_other(): pass
"""
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return defaults(tmp_path)


@pytest.fixture
def run(pytester: pytest.Pytester, runtime_dir: Path) -> Run:
    """Run TESTS with the plugin, by default only to collect."""
    file = pytester.makepyfile(TESTS)
    (pytester.path / "mine.yaml").write_text(CASES)
    return lambda *arguments: pytester.runpytest_inprocess(
        "--k8snet", NOWHERE, "--collect-only", "-q", *arguments, str(file)
    )


def names(result: pytest.RunResult) -> list[str]:
    return [line.partition("::")[2] for line in result.outlines if "::" in line]


def test_without_cases_nothing_of_them_is_collected_or_said(run: Run) -> None:
    result = run()
    assert names(result) == ["test_other"]
    assert "1 test collected" in result.outlines[-1]


def test_random_cases_are_collected_by_number(run: Run) -> None:
    assert names(run("--k8snet-fuzz=2")) == ["test_drawn[fuzz-1]", "test_drawn[fuzz-2]", "test_other"]


def test_own_cases_are_checks_with_their_ids_and_levels(run: Run) -> None:
    collected = names(run("--k8snet-policy-cases=mine.yaml"))
    assert collected == ["test_own[POLICY-900]", "TestInAClass::test_own[POLICY-900]", "test_other"]


def test_a_case_file_that_is_wrong_ends_the_run_with_file_and_line(run: Run, pytester: pytest.Pytester) -> None:
    (pytester.path / "mine.yaml").write_text(CASES.replace("POLICY-901", "POLICY-900"))
    result = run("--k8snet-policy-cases=mine.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0].startswith("ERROR: --k8snet-policy-cases: mine.yaml:2: 'POLICY-900' is also at")


def test_the_header_says_the_seed_that_was_drawn(run: Run) -> None:
    result = run("-v", "--k8snet-fuzz=2")
    assert re.search(r"^k8snet: 2 random sets of policies, --k8snet-seed \d+$", result.stdout.str(), re.MULTILINE)


def test_workers_collect_the_same_cases_without_a_seed(run: Run) -> None:
    assert run("--k8snet-fuzz=2", "-n2").ret == pytest.ExitCode.OK


@pytest.mark.parametrize("name", ["own", "drawn"])
def test_without_the_plugin_the_fixtures_say_what_to_give(pytester: pytest.Pytester, name: str) -> None:
    pytester.makepyfile(f"def test_it(k8snet_{name}_case): pass\n")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"k8snet_{name}_case needs *: give --k8snet and --k8snet-*"])


def test_a_seed_is_drawn_only_when_something_is_drawn(settings: Settings) -> None:
    assert with_seed(settings, None).seed is None
    drawn = with_seed(replace(settings, fuzz=1), None).seed
    assert drawn is not None
    assert 0 <= drawn < SEEDS
    assert with_seed(replace(settings, fuzz=1, seed=0), None).seed == 0


def test_a_worker_has_the_seed_of_the_controller(settings: Settings) -> None:
    assert with_seed(replace(settings, fuzz=1), {SEED: 12}).seed == 12


def test_the_cases_of_a_run_are_those_of_its_seed(settings: Settings) -> None:
    cases = RunCases.of(replace(settings, fuzz=3, seed=7))
    assert [(one.seed, one.number) for one in cases.drawn] == [(7, 1), (7, 2), (7, 3)]
    assert cases == RunCases.of(replace(settings, fuzz=3, seed=7))
