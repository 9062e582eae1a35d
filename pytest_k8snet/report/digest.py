"""What every form of a report says in the same words: the headline, the counts, the facts of the environment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pytest_k8snet.report.outcome import WORST_FIRST, CheckOutcome
from pytest_k8snet.report.record import CheckRecord, Environment, Report, Summary
from pytest_k8snet.report.waiver import Waiver, WaiverState

CONFORMS, SOME_FAILED, NO_VERDICT = 0, 1, 3  # exit statuses
EARLY_ENDS = {
    2: "Interrupted",
    3: "Ended by an internal error",
    4: "The cluster or an option could not be used",
}


def summarise(outcomes: Iterable[CheckOutcome]) -> Summary:
    """Count outcomes."""
    return Summary(**Counter(outcome.value for outcome in outcomes))


def by_area(checks: Iterable[CheckRecord]) -> dict[str, Summary]:
    """Count outcomes for each area, areas in the order in which they first appear."""
    areas: dict[str, list[CheckOutcome]] = {}
    for check in checks:
        areas.setdefault(check.area, []).append(check.outcome)
    return {area: summarise(outcomes) for area, outcomes in areas.items()}


def with_outcome(checks: Iterable[CheckRecord], outcome: CheckOutcome) -> list[CheckRecord]:
    """Return the checks that ended so, by name."""
    return sorted((check for check in checks if check.outcome is outcome), key=lambda check: check.name)


def in_reading_order(checks: Iterable[CheckRecord]) -> list[CheckRecord]:
    """Return the checks as a reader wants them: what needs attention first, what does not apply last, then by name."""
    order = [*(outcome for outcome in WORST_FIRST if outcome is not CheckOutcome.SKIPPED), CheckOutcome.SKIPPED]
    return sorted(checks, key=lambda check: (order.index(check.outcome), check.name))


def slowest(checks: Iterable[CheckRecord], limit: int) -> list[tuple[float, CheckRecord]]:
    """Return the slowest convergences in seconds, slowest first."""
    known = [(check.convergence, check) for check in checks if check.convergence is not None]
    return sorted(known, key=lambda pair: (-pair[0], pair[1].name))[:limit]


def skip_reasons(checks: Iterable[CheckRecord]) -> list[tuple[str, list[CheckRecord]]]:
    """Group the skipped checks by their reason, the most frequent first."""
    reasons: dict[str, list[CheckRecord]] = {}
    for check in with_outcome(checks, CheckOutcome.SKIPPED):
        reasons.setdefault(check.reason, []).append(check)
    return sorted(reasons.items(), key=lambda pair: -len(pair[1]))


def to_look_at(waivers: Iterable[Waiver]) -> list[tuple[Waiver, str]]:
    """Return the waivers that somebody should look at, each with what is the matter, in the order of their file."""
    said = {
        WaiverState.EXPIRED: "expired on {}: it waives nothing any more",
        WaiverState.UNNEEDED: "not needed: every check that it covers passed",
        WaiverState.UNMATCHED: "covers nothing: its check was never run with these parameters",
    }
    return [(waiver, said[waiver.state].format(waiver.expires)) for waiver in waivers if waiver.state in said]


def headline(report: Report) -> str:
    """Return the verdict of the whole run in one sentence."""
    counts = report.summary
    unjudged = counts.error or report.other.error
    judged = report.exit_status in (CONFORMS, SOME_FAILED) or (report.exit_status == NO_VERDICT and unjudged)
    said = _verdict(counts)
    if not judged and (counts.total or report.exit_status in EARLY_ENDS):
        # A run that did not come to its end allows no conclusion, also if all was well until then.
        why = EARLY_ENDS.get(report.exit_status, f"Ended early, exit status {report.exit_status}")
        said = f"{why}: {counted(counts)}"
    if report.other.failed or report.other.error or (report.other.total and not counts.total):
        said += f"; of the tests beside the checks {counted(report.other)}"
    slower = len(report.compared.worse) if report.compared else 0
    return f"{said}; {_plural(slower, 'path')} slower than before" if slower else said


def _verdict(counts: Summary) -> str:
    unjudged = f"{counts.error} without a verdict" if counts.error else ""
    if counts.failed:
        failed = f"The network does not conform: {counts.failed} of {counts.total} checks failed"
        return f"{failed}, {unjudged}" if unjudged else failed
    if unjudged:
        return f"No conclusion: of {counts.total} checks {unjudged}"
    if passed := counts.passed + counts.xpassed:
        unneeded = f" ({counts.xpassed} in spite of a waiver)" if counts.xpassed else ""
        waived = f", {counts.xfailed} waived" if counts.xfailed else ""
        skipped = f", {counts.skipped} skipped" if counts.skipped else ""
        return f"The network conforms: {_plural(passed, 'check')} passed{unneeded}, none failed{waived}{skipped}"
    return f"Nothing was judged: {counted(counts)}" if counts.total else "No check ran"


def counted(counts: Summary) -> str:
    """Return the counts in words, such as "2 passed, 1 error"; what did not happen is left out."""
    numbers = {outcome.value: counts.count(outcome) for outcome in CheckOutcome}
    plurals = {"error": "errors"}
    found = [
        f"{number} {plurals.get(word, word) if number > 1 else word}" for word, number in numbers.items() if number
    ]
    return ", ".join(found) or "nothing ran"


def environment_facts(environment: Environment) -> list[tuple[str, str]]:
    """Return name and value of what is known of the environment, in short; the unknown is left out."""
    versions = environment.versions
    cni = environment.cni
    facts = [
        ("cluster", ", ".join(filter(None, (environment.provider, environment.context)))),
        ("why this cluster", environment.why_this_cluster),
        ("Kubernetes", versions.get("kubernetes", "")),
        ("nodes", _number_and_names([node.name for node in environment.nodes])),
        ("CNI", f"{cni.name} ({cni.mode})" if cni.name and cni.mode else cni.name),
        ("Services by", environment.proxy_mode),
        ("families", ", ".join(environment.families)),
        ("MTU", str(environment.mtu) if environment.mtu else ""),
        ("fleet", _fleet(environment)),
        ("claims", ", ".join(name if has else f"not {name}" for name, has in environment.claims.items())),
        ("lacking", "; ".join(f"{name}: {reason}" for name, reason in environment.lacking.items())),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items() if name != "kubernetes")),
        ("seed", "" if environment.seed is None else str(environment.seed)),
        ("run", environment.run_id),
        ("command", environment.command_line),
    ]
    return [(name, value) for name, value in facts if value]


def _number_and_names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"{len(names)} ({shown})" if names else ""


def _fleet(environment: Environment) -> str:
    fleet = environment.fleet
    nodes = {pod.node for pod in fleet}
    host = sum(pod.host_network for pod in fleet)
    if not fleet:
        return ""
    return f"{_plural(len(fleet), 'pod')} on {_plural(len(nodes), 'node')}" + (f", {host} hostNetwork" if host else "")


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def when(epoch: float) -> str:
    """Return a moment for people, in UTC."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration(seconds: float) -> str:
    """Return seconds for people: "0.031 s", "2.3 s", "4 min 05 s"."""
    if seconds < 0.1:
        return f"{seconds:.3f} s"
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def first_line(text: str) -> str:
    """Return the first line of a reason that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
