"""The report in a run of pytest: what each reporter shows, with and without workers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from xml.etree import ElementTree

import pytest

from pytest_k8snet.report import html
from pytest_k8snet.report.record import CheckRecord, Report, decode_report

Run = Callable[..., pytest.RunResult]

MIXTURE = """
@pytest.mark.check("MODEL-001")
def test_right(record, seen_right): pass

@pytest.mark.check("MODEL-002")
def test_wrong(record, seen_wrong):
    record.evidence.append("evidence/routes.txt")
    record.repeat = "pytest --k8snet -k test_wrong"
    assert False, "never shown, the table says it"

@pytest.mark.check("MODEL-003")
def test_lost(seen_right):
    raise AgentLost("the agent in ns/probe-b does not answer", hint="Is the node Ready?")

@pytest.mark.check("DNS-001")
def test_inapplicable(): pytest.skip("ipv6: no IPv6 here")

@pytest.mark.check("DNS-002")
@pytest.mark.xfail(reason="known defect")
def test_waived(): assert False

def test_of_the_user(): pass
"""
DISTRIBUTED = pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one-process", "workers"])


@pytest.fixture
def report_of(pytester: pytest.Pytester) -> Callable[[], Report]:
    def read() -> Report:
        return decode_report((pytester.path / "k8snet-report" / "report.json").read_bytes())

    return read


@pytest.fixture
def check_of(report_of: Callable[[], Report]) -> Callable[[str], CheckRecord]:
    def find(id: str) -> CheckRecord:
        return next(check for check in report_of().checks if check.id == id)

    return find


@DISTRIBUTED
def test_every_outcome_reaches_the_terminal_and_report_json(
    run: Run, report_of: Callable[[], Report], check_of: Callable[[str], CheckRecord], workers: tuple[str, ...]
) -> None:
    result = run(MIXTURE, *workers)

    result.assert_outcomes(passed=2, failed=1, errors=1, skipped=1, xfailed=1)
    assert result.ret == 1
    report = report_of()
    assert {check.id: check.outcome.value for check in report.checks} == {
        "MODEL-001": "passed",
        "MODEL-002": "failed",
        "MODEL-003": "error",
        "DNS-001": "skipped",
        "DNS-002": "xfailed",
    }
    assert (report.exit_status, report.summary.total, report.other.passed, report.other.total) == (1, 5, 1, 1)
    assert check_of("MODEL-001").tables[0].cells[0].seen.outcome == "connected"
    assert check_of("MODEL-001").started > 1_000_000_000
    assert (check_of("MODEL-001").worker != "") == bool(workers)
    assert check_of("MODEL-002").reason == (
        "1 of 1 cells differ (mesh <tcp>): probe-a to probe-b: timeout instead of connected"
    )
    assert check_of("MODEL-003").reason == ("AgentLost: the agent in ns/probe-b does not answer\nIs the node Ready?")
    assert check_of("DNS-001").reason == "ipv6: no IPv6 here"
    assert check_of("DNS-002").reason == "known defect"


@DISTRIBUTED
def test_the_summary_is_written_once_and_names_what_to_look_at(run: Run, workers: tuple[str, ...]) -> None:
    result = run(MIXTURE, *workers)

    result.stdout.fnmatch_lines(
        [
            "*= Kubernetes network conformance =*",
            "failed (the network does not conform)",
            "  MODEL-002  1 of 1 cells differ*",
            "error (no verdict: harness or environment)",
            "  MODEL-003  AgentLost: the agent in ns/probe-b does not answer",
            "  1 x ipv6: no IPv6 here (DNS-001)",
            "The network does not conform: 1 of 5 checks failed, 1 without a verdict",
            "report: k8snet-report/report.html",
        ]
    )
    assert result.stdout.str().count("Kubernetes network conformance") == 1


def test_a_failure_says_how_to_go_on(run: Run) -> None:
    result = run(MIXTURE)

    result.stdout.fnmatch_lines(
        [
            "*- k8snet MODEL-002 -*",
            "what MODEL-002 promises",
            "evidence: evidence/routes.txt",
            "repeat: pytest --k8snet -k test_wrong",
        ]
    )


@DISTRIBUTED
def test_junit_has_errors_for_missing_verdicts_and_properties_for_checks_and_environment(
    run: Run, pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    run(MIXTURE, "--junitxml=junit.xml", *workers)
    suite = ElementTree.parse(pytester.path / "junit.xml").getroot()[0]

    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6",
        "failures": "1",
        "errors": "1",
        "skipped": "2",
    }
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    lost = cases["test_lost"].find("error")
    assert lost is not None
    assert "AgentLost" in str(lost.get("message"))
    assert cases["test_wrong"].find("failure") is not None
    properties = _properties(cases["test_right"])
    assert properties["k8snet.id"] == "MODEL-001"
    assert properties["k8snet.outcome"] == "passed"
    assert properties["k8snet.convergence_seconds"] == "0.250"
    assert properties["k8snet.table.1"] == "mesh <tcp>: all 1 cells as expected"
    assert _properties(cases["test_lost"])["k8snet.outcome"] == "error"
    assert _properties(cases["test_of_the_user"]) == {}
    assert _properties(suite)["k8snet.cluster"] == "embedded, <made up>"


def _properties(element: ElementTree.Element) -> dict[str | None, str | None]:
    found = element.findall("properties/property")
    properties = {each.get("name"): each.get("value") for each in found}
    assert len(properties) == len(found), "a property is there twice"
    return properties


@DISTRIBUTED
def test_pytest_html_shows_ids_tables_and_the_environment(
    run: Run, pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    pytest.importorskip("pytest_html")
    run(MIXTURE, "--html=page.html", "--self-contained-html", *workers)
    page = (pytester.path / "page.html").read_text(encoding="utf-8")
    data = _data_of(page)
    rows = {name.rpartition("::")[2]: tests[0] for name, tests in data["tests"].items()}

    assert _cells(rows["test_right"])[:4] == ["Passed", "MODEL-001", "0.250 s", "test_checks.py::test_right"]
    assert _cells(rows["test_lost"])[:2] == ["Error", "MODEL-003"]
    assert _cells(rows["test_wrong"])[:2] == ["Failed", "MODEL-002"]
    assert _cells(rows["test_of_the_user"])[:3] == ["Passed", "", ""]
    assert {name: len(tests) for name, tests in data["tests"].items() if len(tests) != 1} == {}
    (extra,) = rows["test_wrong"]["extras"]
    assert 'class="k8snet-wrong"' in extra["content"]
    assert "mesh &lt;tcp&gt;" in extra["content"]
    assert "<b>always</b>" not in extra["content"]
    assert len(rows["test_lost"]["extras"]) == 1
    assert data["environment"]["Kubernetes network"]["cluster"] == "embedded, &lt;made up&gt;"
    assert "<b>The network does not conform: 1 of 5 checks failed, 1 without a verdict</b>" in page


def _data_of(page: str) -> dict[str, Any]:
    found = re.search(r'data-jsonblob="([^"]*)"', page)
    assert found is not None
    data: dict[str, Any] = json.loads(unescape(found.group(1)))
    return data


def _cells(row: dict[str, Any]) -> list[str]:
    return [re.sub(r"<[^>]*>", "", cell) for cell in row["resultsTableRow"]]


def test_a_row_that_another_plugin_emptied_stays_out_of_the_page() -> None:
    cells: list[str] = []
    html.add_row_cells(cells, [("k8snet.id", "MODEL-001")])

    assert cells == []


def test_without_pytest_html_nothing_of_it_is_needed(run: Run) -> None:
    result = run(MIXTURE, "-p", "no:html", "-p", "no:metadata")

    assert result.ret == 1
    result.assert_outcomes(passed=2, failed=1, errors=1, skipped=1, xfailed=1)


LOST_THEN_RIGHT = """
@pytest.mark.check("MODEL-001")
def test_lost(): raise AgentLost("gone")

@pytest.mark.check("MODEL-002")
def test_right(): pass
"""


@DISTRIBUTED
def test_errors_without_a_failure_give_exit_status_3(
    run: Run, report_of: Callable[[], Report], workers: tuple[str, ...]
) -> None:
    result = run(LOST_THEN_RIGHT, *workers)

    assert result.ret == 3
    assert report_of().exit_status == 3
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["No conclusion: of 2 checks 1 without a verdict"])


@pytest.mark.parametrize("waiver", ["", '@pytest.mark.xfail(reason="known defect")'], ids=["plain", "waived"])
def test_a_missing_verdict_stops_a_run_with_x(run: Run, report_of: Callable[[], Report], waiver: str) -> None:
    result = run(f"\n{waiver}{LOST_THEN_RIGHT}", "-x")

    result.assert_outcomes(errors=1)
    assert result.ret == 3
    assert [check.id for check in report_of().checks] == ["MODEL-001"]


def test_a_missing_verdict_stops_a_distributed_run_with_x(run: Run) -> None:
    many = "".join(f'@pytest.mark.check("DNS-{n:03}")\ndef test_{n}(): raise AgentLost("gone")\n\n' for n in range(40))
    result = run(many, "-x", "-n2")

    assert 1 <= result.parseoutcomes()["errors"] < 40
    assert result.ret != 0


@DISTRIBUTED
def test_lf_repeats_a_check_without_a_verdict(run: Run, workers: tuple[str, ...]) -> None:
    run(LOST_THEN_RIGHT, "--lf", *workers).assert_outcomes(passed=1, errors=1)

    run(LOST_THEN_RIGHT, "--lf", *workers).assert_outcomes(errors=1)


@DISTRIBUTED
def test_a_waiver_does_not_cover_a_missing_verdict(
    run: Run, check_of: Callable[[str], CheckRecord], workers: tuple[str, ...]
) -> None:
    result = run(
        """
@pytest.mark.check("MODEL-001")
@pytest.mark.xfail(reason="known defect")
def test_lost(): raise AgentLost("gone")
""",
        *workers,
    )

    result.assert_outcomes(errors=1)
    assert result.ret == 3
    assert check_of("MODEL-001").reason == "AgentLost: gone"


@DISTRIBUTED
def test_a_waiver_without_need_is_shown(
    run: Run, check_of: Callable[[str], CheckRecord], workers: tuple[str, ...]
) -> None:
    waived = '@pytest.mark.check("MODEL-001")\n@pytest.mark.xfail(reason="known", strict={})\ndef test_a(): pass\n'

    assert run(waived.format(False), *workers).ret == 0
    assert (check_of("MODEL-001").outcome, check_of("MODEL-001").reason) == ("xpassed", "known")
    assert run(waived.format(True), *workers).ret == 1
    assert (check_of("MODEL-001").outcome, check_of("MODEL-001").reason) == ("xpassed", "known")


def test_a_defect_in_a_check_is_an_error_and_in_a_users_test_what_pytest_says(
    run: Run, check_of: Callable[[str], CheckRecord]
) -> None:
    result = run("""
@pytest.mark.check("MODEL-001")
def test_check(): {}["missing"]

def test_mine(): {}["missing"]

def test_mine_lost(): raise AgentLost("gone")
""")

    result.assert_outcomes(errors=2, failed=1)
    assert check_of("MODEL-001").reason == "KeyError: 'missing'"


SETUP_AND_TEARDOWN = """
@pytest.fixture
def broken(): raise AgentLost("gone at setup")

@pytest.fixture
def leaking(record):
    yield
    record.evidence.append("evidence/late.txt")
    raise AgentLost("gone at teardown")

@pytest.fixture
def late(record):
    yield
    record.evidence.append("evidence/late.txt")

@pytest.mark.check("MODEL-001")
def test_setup(broken): pass

@pytest.mark.check("MODEL-002")
def test_teardown(leaking): pass

@pytest.mark.check("MODEL-003")
def test_both(leaking): assert False, "the network is wrong"

@pytest.mark.check("MODEL-004")
def test_late(late): pass
"""


@DISTRIBUTED
def test_setup_and_teardown_have_their_say(
    run: Run, check_of: Callable[[str], CheckRecord], workers: tuple[str, ...]
) -> None:
    run(SETUP_AND_TEARDOWN, *workers).assert_outcomes(passed=2, failed=1, errors=3)

    told = {id: (check_of(id).outcome.value, check_of(id).reason) for id in ("MODEL-001", "MODEL-002", "MODEL-003")}
    assert told == {
        "MODEL-001": ("error", "AgentLost: gone at setup"),
        "MODEL-002": ("error", "in the teardown: AgentLost: gone at teardown"),
        "MODEL-003": (
            "failed",
            "the network is wrong\nassert False\nin the teardown: AgentLost: gone at teardown",
        ),
    }
    assert check_of("MODEL-004").outcome == "passed"
    assert check_of("MODEL-004").evidence == ["evidence/late.txt"]


def test_a_record_is_not_sent_again_with_a_teardown_that_adds_nothing(run: Run) -> None:
    result = run(SETUP_AND_TEARDOWN, "-k", "test_setup or test_late")
    reports = result.reprec.getreports("pytest_runtest_logreport")  # type: ignore[attr-defined]

    sent = [(report.nodeid.rpartition("::")[2], report.when) for report in reports if hasattr(report, "k8snet")]
    assert sent == [("test_setup", "setup"), ("test_late", "setup"), ("test_late", "call"), ("test_late", "teardown")]


def test_a_check_in_which_a_worker_dies_is_an_error(
    run: Run, check_of: Callable[[str], CheckRecord], pytester: pytest.Pytester
) -> None:
    result = run(
        """
@pytest.mark.check("MODEL-001")
def test_dies(): os._exit(1)

@pytest.mark.check("MODEL-002")
def test_right(): pass
""",
        "-n1",
        "--junitxml=junit.xml",
    )

    result.assert_outcomes(passed=1, errors=1)
    assert result.ret == 3
    assert check_of("MODEL-001").outcome == "error"
    assert check_of("MODEL-001").reason == "worker 'gw0' crashed while running 'test_checks.py::test_dies'"
    suite = ElementTree.parse(pytester.path / "junit.xml").getroot()[0]
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")


def test_an_interrupted_run_leaves_a_report_of_what_it_has(run: Run, report_of: Callable[[], Report]) -> None:
    result = run(
        """
@pytest.mark.check("MODEL-001")
def test_right(): pass

@pytest.mark.check("MODEL-002")
def test_interrupted(): raise KeyboardInterrupt

@pytest.mark.check("MODEL-003")
def test_never_begun(): pass
""",
        subprocess=True,
    )

    assert result.ret == 2
    report = report_of()
    assert report.exit_status == 2
    assert [(check.id, check.outcome.value) for check in report.checks] == [
        ("MODEL-001", "passed"),
        ("MODEL-002", "error"),
    ]
    assert report.checks[1].reason == "the run ended before this check did"
    result.stdout.fnmatch_lines(["Interrupted: 1 passed, 1 error"])


@DISTRIBUTED
def test_what_cannot_be_written_into_the_report_is_an_error_of_its_check(
    run: Run, check_of: Callable[[str], CheckRecord], workers: tuple[str, ...]
) -> None:
    result = run(
        """
@pytest.mark.check("MODEL-001")
def test_wrong_type(record): record.evidence.append(7)

@pytest.mark.check("MODEL-002")
def test_undecodable(record): record.evidence.append(os.fsdecode(b"\\xff"))

@pytest.mark.check("MODEL-003")
def test_right(): pass
""",
        *workers,
    )

    result.assert_outcomes(passed=1, errors=2)
    assert result.ret == 3
    assert "Expected `str`, got `int`" in check_of("MODEL-001").reason
    assert "surrogates not allowed" in check_of("MODEL-002").reason


def test_a_reason_that_is_not_text_does_not_end_the_run(run: Run, check_of: Callable[[str], CheckRecord]) -> None:
    run('@pytest.mark.check("MODEL-001")\ndef test_a(): pytest.fail(os.fsdecode(b"got \\xff"))\n')

    assert check_of("MODEL-001").reason == r"got \udcff"


def test_a_report_that_cannot_be_written_is_told_and_never_gives_0(run: Run, pytester: pytest.Pytester) -> None:
    (pytester.path / "k8snet-report").write_text("a file where the directory should be")
    result = run('@pytest.mark.check("MODEL-001")\ndef test_right(): pass\n')

    assert result.ret == 3
    result.stdout.fnmatch_lines(["the report could not be written to *k8snet-report: *"])


@pytest.mark.parametrize("option", ["--collect-only", "--setup-plan", "--setup-only"])
def test_a_run_that_judges_nothing_keeps_the_last_report(run: Run, pytester: pytest.Pytester, option: str) -> None:
    result = run('@pytest.mark.check("MODEL-001")\ndef test_right(): pass\n', option)

    assert result.ret == 0
    assert not (pytester.path / "k8snet-report").exists()


def test_quiet_is_quiet(run: Run) -> None:
    result = run(MIXTURE, "-q")

    result.stdout.fnmatch_lines(
        ["k8snet: 1 passed, 1 failed, 1 error, 1 skipped, 1 xfailed; report: k8snet-report/report.html"]
    )
    result.stdout.no_fnmatch_line("*Kubernetes network conformance*")
