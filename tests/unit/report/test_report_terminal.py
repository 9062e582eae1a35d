"""What the terminal shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pytest_k8snet.report.record import CheckRecord, Environment, Report, Summary, TableRecord
from pytest_k8snet.report.terminal import header_lines, write_summary
from pytest_k8snet.report.waiver import Waiver, WaiverState

MakeCheck = Callable[..., CheckRecord]
MakeReport = Callable[..., Report]


class Paper:
    """A terminal that keeps what is written."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.markup: dict[str, set[str]] = {}

    def write_sep(self, sep: str, title: str | None = None, fullwidth: int | None = None, **markup: bool) -> None:
        self.write_line(f"{sep} {title} {sep}", **markup)

    def write_line(self, line: str | bytes, **markup: bool) -> None:
        assert isinstance(line, str)
        self.lines.append(line)
        self.markup[line] = {name for name, wanted in markup.items() if wanted}

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line_with(self, *parts: str) -> str:
        found = [line for line in self.lines if all(part in line for part in parts)]
        assert len(found) == 1, f"{parts} are in {found or self.lines}"
        return found[0]


@pytest.fixture
def paper() -> Paper:
    return Paper()


def _write(paper: Paper, report: Report, verbosity: int = 0, width: int = 80) -> None:
    write_summary(paper, report, written=Path("k8snet-report/report.html"), verbosity=verbosity, width=width)


def test_the_outcomes_of_an_area_are_kept_apart(
    paper: Paper, make_report: MakeReport, every_outcome: list[CheckRecord]
) -> None:
    _write(paper, make_report(*every_outcome))

    heads = paper.line_with("area").split()
    assert heads == ["area", "passed", "failed", "error", "skipped", "xfailed", "xpassed"]
    assert paper.line_with("model  ", "1").split() == ["model", "1", "1", "1", ".", ".", "."]
    assert paper.line_with("policy  ", "1").split() == ["policy", ".", ".", ".", ".", "1", "1"]
    assert paper.line_with("all  ").split() == ["all", "1", "1", "1", "1", "1", "1"]


def test_failed_and_unjudged_checks_have_a_line_each_with_id_and_reason(
    paper: Paper, make_report: MakeReport, every_outcome: list[CheckRecord]
) -> None:
    _write(paper, make_report(*every_outcome), width=200)

    assert paper.line_with("MODEL-002[ipv4-tcp]", "3 of 81 cells differ", "probe-1 to probe-4")
    assert paper.line_with("MODEL-003", "AgentLost: the agent in k8snet-a1b2c3/probe-4 does not answer")
    failed, error = paper.lines.index("failed (the network does not conform)"), paper.text.index("error (no verdict")
    assert paper.lines[failed + 1].startswith("  MODEL-002")
    assert "MODEL-003" in paper.text[error:]


def test_every_line_fits_into_80_columns(
    paper: Paper, make_report: MakeReport, make_check: MakeCheck, every_outcome: list[CheckRecord]
) -> None:
    long = make_check("MODEL-009", "failed", reason="x" * 300, params={"a": "y" * 60})
    _write(paper, make_report(*every_outcome, long))

    assert max(map(len, paper.lines)) <= 80
    assert paper.line_with("MODEL-009").endswith("...")


def test_skips_are_grouped_by_their_reason(paper: Paper, make_report: MakeReport, make_check: MakeCheck) -> None:
    skipped = [make_check(f"MODEL-00{n}", "skipped", reason="ipv6: no IPv6 addresses") for n in range(1, 6)]
    _write(paper, make_report(*skipped))

    assert paper.line_with("5 x ipv6: no IPv6 addresses", "MODEL-001, MODEL-002, MODEL-003, ...")


def test_the_slowest_convergences_are_shown_slowest_first(
    paper: Paper, make_report: MakeReport, make_check: MakeCheck
) -> None:
    def check(number: int, seconds: float | None) -> CheckRecord:
        return make_check(f"MODEL-00{number}", tables=[TableRecord("t", True, [], seconds)])

    _write(paper, make_report(check(1, 0.7), check(2, 3.25), check(3, 0.1), check(4, None)))

    shown = paper.lines[paper.lines.index("slowest to converge") + 1 :]
    assert [line.split()[:3] for line in shown[:2]] == [["3.25", "s", "MODEL-002"], ["0.70", "s", "MODEL-001"]]
    assert "MODEL-003" not in paper.text
    assert "MODEL-004" not in paper.text


@pytest.mark.parametrize(
    ("outcomes", "status", "said", "colour"),
    [
        (["passed", "passed"], 0, "The network conforms: 2 checks passed, none failed", "green"),
        (["passed", "failed"], 1, "The network does not conform: 1 of 2 checks failed", "red"),
        (["failed", "error"], 1, "The network does not conform: 1 of 2 checks failed, 1 without a verdict", "red"),
        (["passed", "error"], 3, "No conclusion: of 2 checks 1 without a verdict", "red"),
        (
            ["passed", "xfailed", "skipped"],
            0,
            "The network conforms: 1 check passed, none failed, 1 waived, 1 skipped",
            "green",
        ),
        (
            ["passed", "xpassed"],
            0,
            "The network conforms: 2 checks passed (1 in spite of a waiver), none failed",
            "green",
        ),
        (["skipped"], 0, "Nothing was judged: 1 skipped", "green"),
        (["passed", "error"], 2, "Interrupted: 1 passed, 1 error", "red"),
        (["passed"], 3, "Ended by an internal error: 1 passed", "red"),
        (["passed"], 70, "Ended early, exit status 70: 1 passed", "red"),
        ([], 4, "The cluster or an option could not be used: nothing ran", "red"),
        ([], 5, "No check ran", "red"),
    ],
)
def test_the_verdict_is_one_sentence(
    paper: Paper,
    make_report: MakeReport,
    make_check: MakeCheck,
    outcomes: list[str],
    status: int,
    said: str,
    colour: str,
) -> None:
    checks = [make_check(f"MODEL-00{number}", outcome) for number, outcome in enumerate(outcomes)]
    _write(paper, make_report(*checks, exit_status=status))

    assert said in paper.lines
    assert paper.markup[said] == {"bold", colour}


WAIVER = Waiver("DNS-001", "why", "https://x.test/1", date(2026, 1, 31), {"family": "ipv6"}, "waivers.toml:3")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("expired", "expired on 2026-01-31: it waives nothing any more"),
        ("unneeded", "not needed: every check that it covers passed"),
        ("unmatched", "covers nothing: its check was never run with these parameters"),
    ],
)
def test_a_waiver_that_somebody_should_look_at_is_said(
    paper: Paper, make_report: MakeReport, make_check: MakeCheck, state: str, said: str
) -> None:
    report = replace(make_report(make_check()), waivers=[replace(WAIVER, state=WaiverState(state))])
    _write(paper, report, width=200)
    _write(quiet := Paper(), report, verbosity=-1)

    assert "waivers to look at" in paper.lines
    assert f"  DNS-001[family=ipv6]  {said} (waivers.toml:3)" in paper.lines
    assert quiet.lines == [
        "k8snet: 1 passed; waivers to look at: DNS-001[family=ipv6]; report: k8snet-report/report.html"
    ]


@pytest.mark.parametrize("state", ["needed", "unused"])
def test_of_other_waivers_nothing_is_said(
    paper: Paper, make_report: MakeReport, make_check: MakeCheck, state: str
) -> None:
    _write(paper, replace(make_report(make_check()), waivers=[replace(WAIVER, state=WaiverState(state))]))

    assert "waivers to look at" not in paper.text


def test_the_reason_and_the_link_of_a_waiver_are_shown_whole(
    paper: Paper, make_report: MakeReport, make_check: MakeCheck
) -> None:
    why = "a defect that takes many words to say and is known (https://example.test/issues/1234567)"
    _write(paper, make_report(make_check("DNS-001", "xfailed", reason=why)))

    assert why in " ".join(paper.text.split())
    assert max(map(len, paper.lines)) <= 80


def test_failures_beside_the_checks_are_told(paper: Paper, make_report: MakeReport, make_check: MakeCheck) -> None:
    _write(paper, make_report(make_check(), exit_status=1, other=Summary(passed=2, failed=1)))

    assert paper.line_with("of the tests beside the checks 2 passed, 1 failed")


def test_quiet_is_one_line_and_very_quiet_is_none(
    paper: Paper, make_report: MakeReport, every_outcome: list[CheckRecord]
) -> None:
    report = make_report(*every_outcome)
    _write(paper, report, verbosity=-1)
    _write(paper, report, verbosity=-2)

    assert paper.lines == [
        "k8snet: 1 passed, 1 failed, 1 error, 1 skipped, 1 xfailed, 1 xpassed; report: k8snet-report/report.html"
    ]


def test_the_header_names_the_cluster_and_what_it_lacks(environment: Environment) -> None:
    lines = header_lines(environment)

    text = "\n".join(lines)
    assert "existing, kind-lab" in text
    assert "--k8snet-context kind-lab" in text
    assert "v1.34.0" in text
    assert "3 (node-1, node-2, node-3)" in text
    assert "kindnet (routed)" in text
    assert "3 pods on 3 nodes, 1 hostNetwork" in text
    assert "sctp: the nodes' kernels have no SCTP" in text
    assert "icmp" not in text
    assert all(line.startswith("k8snet: ") and len(line) <= 80 for line in lines)


def test_a_long_fact_in_the_header_is_wrapped(environment: Environment) -> None:
    environment.capabilities = {f"capability-{n}": "a reason why this cluster does not have it" for n in range(9)}
    lines = header_lines(environment)

    assert max(map(len, lines)) <= 80
    assert "capability-8" in "".join(lines)


def test_nothing_is_said_of_a_cluster_that_is_not_known() -> None:
    assert header_lines(Environment()) == []
