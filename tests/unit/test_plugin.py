"""The plugin in a run of pytest, as far as that needs no cluster."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet import lifecycle  # so that it stays loaded from one inner run to the next
from pytest_k8snet.checks import AREAS
from pytest_k8snet.kube.access import Access
from pytest_k8snet.profiles import LEVELS

assert lifecycle
NOWHERE = "--k8snet-kubeconfig=/nonexistent/kubeconfig"
OWN = "def test_own(): pass\n"
CHECKS = """
from pytest_k8snet.checks import check

@check("MODEL-901", spec="", level="core", catches=())
def test_core(): pass

@check("MODEL-902", spec="", level="extended", requires=("two_nodes",), catches=())
def test_extended(k8snet_namespace): pass

@check("MODEL-903", spec="", level="drill", catches=())
def test_drill(): pass

@check("DNS-904", spec="", level="core", catches=())
def test_dns(): pass

def test_own(): pass
"""


@pytest.fixture(autouse=True)
def nothing_is_left(runtime_dir: Path, pytester: pytest.Pytester) -> Iterator[None]:
    """Whatever a test does here, no folder of a run may be left."""
    yield
    assert [*runtime_dir.iterdir()] == []


def _names(result: pytest.RunResult) -> list[str]:
    """Return the names of the tests that --collect-only -q listed."""
    return [line.partition("::")[2] for line in result.outlines if "::" in line]


@pytest.fixture
def collected(pytester: pytest.Pytester) -> Any:
    """Return the names of the tests of CHECKS that a run would consist of."""
    file = pytester.makepyfile(CHECKS)

    def collect(*arguments: str) -> list[str]:
        result = pytester.runpytest_inprocess("--k8snet", "--collect-only", "-q", *arguments, str(file))
        return [name.removeprefix("test_") for name in _names(result)]

    return collect


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--k8snet-profile=fast",),
            "--k8snet-profile: 'fast' is not possible; choose from smoke, standard, nightly, acceptance",
        ),
        (
            ("--k8snet-provider", "minikube"),
            "--k8snet-provider: 'minikube' is not possible; choose from existing, kind, embedded",
        ),
        (("-o", "k8snet_embedded_family=both"), "ini key k8snet_embedded_family: 'both' is not possible"),
        (("--k8snet-seed=x",), "--k8snet-seed: 'x' cannot be used: expected a whole number"),
        (("--k8snet-provider=existing",), "--k8snet-provider existing: which cluster?"),
        (("--k8snet-provider=kind", "--k8snet-context=lab"), "--k8snet-provider kind makes a cluster of its own"),
        (("--k8snet-calibrate", "-n2"), "--k8snet-calibrate does not go with -n"),
        (("--k8snet-calibrate", "--k8snet-fuzz=3"), "--k8snet-calibrate does not go with --k8snet-fuzz"),
        (("--k8snet-policy-cases=gone.yaml",), "--k8snet-policy-cases: gone.yaml: there is no such file or folder"),
        (("--k8snet-calibrate", "--k8snet-fault=snat-on-node"), "--k8snet-calibrate does not go with --k8snet-fault"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once_in_one_sentence(
    pytester: pytest.Pytester, arguments: tuple[str, ...], said: str
) -> None:
    pytester.makepyfile("open('imported', 'w').close()\n" + OWN)
    result = pytester.runpytest_inprocess("--k8snet", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0].startswith(f"ERROR: {said}")
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    assert not (pytester.path / "imported").exists()


def test_a_variable_that_cannot_be_used_is_refused(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8SNET_PROFILE", "fast")
    result = pytester.runpytest_inprocess("--k8snet")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0].startswith("ERROR: environment variable K8SNET_PROFILE: 'fast' is not possible")


def test_a_cluster_that_is_not_there_ends_the_run_with_exit_code_4(pytester: pytest.Pytester) -> None:
    file = pytester.makepyfile(OWN)
    result = pytester.runpytest_inprocess("--k8snet", NOWHERE, str(file))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: the kubeconfig /nonexistent/kubeconfig does not exist (chosen by --k8snet-kubeconfig *)", "Name the*"]
    )
    result.assert_outcomes()


def test_a_preflight_that_fails_ends_the_run_with_exit_code_4(
    pytester: pytest.Pytester, api_server: Any, access: Access
) -> None:
    api_server.answers["GET /version"] = (401, {"kind": "Status", "message": "Unauthorized"})
    file = pytester.makepyfile(OWN)
    result = pytester.runpytest_inprocess("--k8snet", f"--k8snet-kubeconfig={access.kubeconfig}", str(file))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: the cluster's API cannot be used: read the version: Unauthorized", "The credentials are expired*"]
    )
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


WAIVERS = """
[[waiver]]
check = "MODEL-901"
reason = "a known defect"
link = "https://example.test/7"
expires = 2027-01-31
"""


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("waivers", "[[waiver]]\n", "own.toml:1: a waiver needs check, reason, link, expires; check is missing"),
        ("waivers", None, "own.toml cannot be read: "),
        ("claims", "[claims]\nstcp = true\n", "own.toml:2: 'stcp' is not one of ipv4, ipv6, "),
    ],
)
@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one-process", "workers"])
def test_a_file_that_cannot_be_used_is_refused_at_once(
    pytester: pytest.Pytester, option: str, text: str | None, said: str, workers: tuple[str, ...]
) -> None:
    if text is not None:
        (pytester.path / "own.toml").write_text(text)
    result = pytester.runpytest_inprocess("--k8snet", f"--k8snet-{option}=own.toml", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0].startswith(f"ERROR: --k8snet-{option}: {said}")


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one-process", "workers"])
def test_a_check_that_does_not_exist_is_refused_before_the_cluster_is_touched(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    file = pytester.makepyfile(CHECKS)
    (pytester.path / "own.toml").write_text(WAIVERS.replace("901", "909"))
    arguments = ("--k8snet", NOWHERE, "--k8snet-waivers=own.toml", *workers, str(file))
    result = pytester.runpytest_inprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --k8snet-waivers: own.toml:2: there is no check MODEL-909", "docs/checks.md*"])
    # One of the user's own that is collected, and then not selected, exists.
    (pytester.path / "own.toml").write_text(WAIVERS.replace("901", "903"))
    result = pytester.runpytest_inprocess(*arguments, "-k", "test_own")
    result.stderr.fnmatch_lines(["ERROR: the kubeconfig /nonexistent/kubeconfig does not exist*"])


def test_the_header_says_how_many_waivers_there_are(pytester: pytest.Pytester) -> None:
    (pytester.path / "own.toml").write_text(WAIVERS + WAIVERS.replace("901", "902").replace("2027", "2020"))
    file = pytester.makepyfile(CHECKS)
    result = pytester.runpytest_inprocess("--k8snet", NOWHERE, "--collect-only", "--k8snet-waivers=own.toml", str(file))
    result.stdout.fnmatch_lines(["k8snet: 2 waivers in own.toml, 1 of them expired"])


def test_without_k8snet_the_plugin_says_and_does_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("K8SNET_PROFILE", "fast")
    pytester.makepyfile(OWN)
    result = pytester.runpytest_inprocess("--k8snet-provider=existing")
    result.assert_outcomes(passed=1)
    assert "k8snet:" not in result.stdout.str()
    assert not (pytester.path / "k8snet-report").exists()


def test_with_k8snet_the_header_says_which_cluster_and_why(pytester: pytest.Pytester) -> None:
    file = pytester.makepyfile(OWN)
    result = pytester.runpytest_inprocess("--k8snet", "--collect-only", NOWHERE, "--k8snet-profile=smoke", str(file))
    result.stdout.re_match_lines(
        [r"k8snet: run [0-9a-f]{8}, existing cluster \(--k8snet-kubeconfig /nonexistent/kubeconfig\), profile smoke"]
    )


def test_fixtures_without_k8snet_are_an_error_that_says_what_to_give(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_a(k8snet_cluster): pass\ndef test_b(k8snet_namespace, k8snet_probe): pass\n" + OWN)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["k8snet_cluster and what uses it need a cluster: give --k8snet to pytest"])
    assert "fixtures.py" not in result.stdout.str()


@pytest.mark.parametrize("arguments", [(), ("-p", "no:xdist"), ("-n2",)], ids=["plain", "no-xdist", "workers"])
def test_the_shipped_suites_are_collected_without_a_cluster(
    pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    result = pytester.runpytest_inprocess("--k8snet", NOWHERE, "--collect-only", "-q", *arguments)
    assert result.ret == pytest.ExitCode.OK
    assert "test_every_pod_reaches_every_pod[ipv4]" in _names(result)


def test_the_shipped_suites_can_be_selected_by_area_and_level(pytester: pytest.Pytester) -> None:
    names = _names(pytester.runpytest_inprocess("--k8snet", NOWHERE, "--collect-only", "-q", "-m", "model and core"))
    assert "test_every_pod_reaches_every_pod[ipv4]" in names
    assert "test_a_packet_that_is_too_long_is_answered[ipv4]" not in names


def test_the_shipped_suites_can_be_selected_by_name(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--k8snet", NOWHERE, "--collect-only", "-q", "-k", "localhost and ipv6")
    assert _names(result) == ["test_containers_of_a_pod_share_localhost[ipv6]"]


def test_a_profile_leaves_out_levels_and_says_how_many_tests(pytester: pytest.Pytester, collected: Any) -> None:
    assert collected() == ["core", "extended", "dns", "own"]
    assert collected("--k8snet-profile=smoke") == ["core", "dns", "own"]
    result = pytester.runpytest_inprocess(
        "--k8snet", "--collect-only", "--k8snet-profile=smoke", *pytester.path.glob("*.py")
    )
    result.stdout.fnmatch_lines(["*3/5 tests collected (2 deselected)*"])


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("model and core", ["core"]),
        ("dns", ["dns"]),
        ("drill", ["drill"]),
        ("not drill", ["core", "extended", "dns", "own"]),
        ("model", ["core", "extended"]),
    ],
)
def test_checks_are_selected_by_area_and_level(collected: Any, expression: str, names: list[str]) -> None:
    assert collected("-m", expression) == names


def test_checks_are_selected_by_their_ids(collected: Any) -> None:
    assert collected("-k", "MODEL-902 or DNS-904") == ["extended", "dns"]
    assert collected("-k", "not MODEL") == ["dns", "own"]


def test_without_k8snet_a_users_checks_are_ordinary_tests(pytester: pytest.Pytester) -> None:
    file = pytester.makepyfile(CHECKS)
    result = pytester.runpytest_inprocess("--collect-only", "-q", str(file))
    assert len(_names(result)) == 5


def test_every_area_and_level_is_a_known_marker(pytester: pytest.Pytester) -> None:
    said = pytester.runpytest_inprocess("--markers").stdout.str()
    assert all(f"@pytest.mark.{name}: " in said for name in AREAS | LEVELS)
    assert "@pytest.mark.k8snet_check(check): " in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("--collect-only",),
        ("--collect-only", "-n2"),
        ("--setup-plan",),
        ("--fixtures",),
        ("--fixtures-per-test",),
        ("--markers",),
        ("--cache-show=*",),
        ("--help",),
        ("--version",),
    ],
    ids=" ".join,
)
def test_a_run_that_only_shows_something_makes_nothing(pytester: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    file = pytester.makepyfile(CHECKS)
    result = pytester.runpytest_inprocess("--k8snet", NOWHERE, *arguments, str(file))
    assert result.ret == pytest.ExitCode.OK
    assert "kubeconfig /nonexistent" not in result.stderr.str()
    assert not (pytester.path / "k8snet-report").exists()


@pytest.mark.parametrize("arguments", [(), ("-n1",)], ids=["one-process", "workers"])
def test_a_run_in_which_nothing_is_selected_makes_nothing(
    pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    file = pytester.makepyfile(CHECKS)
    result = pytester.runpytest_inprocess("--k8snet", NOWHERE, "-k", "no_such_name", *arguments, str(file))
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "kubeconfig" not in result.stderr.str()


def test_the_interrupt_handlers_are_put_back(pytester: pytest.Pytester) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    pytester.runpytest_inprocess("--k8snet", NOWHERE, "--collect-only", str(pytester.makepyfile(OWN)))
    assert {number: signal.getsignal(number) for number in before} == before


def test_the_folder_of_the_run_is_in_the_folder_of_the_user(pytester: pytest.Pytester, runtime_dir: Path) -> None:
    """Without this, that nothing is left would prove nothing."""
    pytester.makeconftest(
        "import os\ndef pytest_collection_finish(): print('runs:', os.listdir(os.environ['XDG_RUNTIME_DIR']))"
    )
    file = pytester.makepyfile(OWN)
    result = pytester.runpytest_inprocess("--k8snet", NOWHERE, "--collect-only", str(file))
    assert os.environ["XDG_RUNTIME_DIR"] == str(runtime_dir)
    result.stdout.fnmatch_lines(["runs: *k8snet*"])
