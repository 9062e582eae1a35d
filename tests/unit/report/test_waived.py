"""Waived checks and claims that are not met, in a run of pytest: what each reporter shows, with and without workers."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from pytest_k8snet.report.record import decode_report

Run = Callable[..., pytest.RunResult]
DISTRIBUTED = pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one-process", "workers"])

CLAIMED = """
from pytest_k8snet.errors import ClaimNotMet

@pytest.fixture
def demanded(): raise ClaimNotMet("ipv6 is claimed (claims.toml:2), but: no pod has an address")

@pytest.mark.check("MODEL-001")
def test_claimed(demanded): pass

@pytest.mark.check("MODEL-002")
@pytest.mark.xfail(reason="known (https://example.test/1)", raises=AssertionError)
def test_claimed_and_waived(demanded): pass

@pytest.mark.check("MODEL-003")
@pytest.mark.xfail(reason="known (https://example.test/2)", strict=False)
def test_waived_without_need(): pass

def test_of_the_user(demanded): pass
"""


@DISTRIBUTED
def test_a_claim_that_is_not_met_is_a_failure_for_every_reader(
    run: Run, pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = run(CLAIMED, "--junitxml=junit.xml", *workers)

    result.assert_outcomes(failed=2, xfailed=1, xpassed=1)
    assert result.ret == 1
    report = decode_report((pytester.path / "k8snet-report" / "report.json").read_bytes())
    assert {check.id: (check.outcome.value, check.reason) for check in report.checks} == {
        "MODEL-001": ("failed", "ipv6 is claimed (claims.toml:2), but: no pod has an address"),
        "MODEL-002": ("xfailed", "known (https://example.test/1)"),
        "MODEL-003": ("xpassed", "known (https://example.test/2)"),
    }
    assert report.other.failed == 1
    suite = ElementTree.parse(pytester.path / "junit.xml").getroot()[0]
    counts = {name: suite.get(name) for name in ("failures", "errors", "skipped")}
    assert counts == {"failures": "2", "errors": "0", "skipped": "1"}


@DISTRIBUTED
def test_the_reason_of_a_waiver_is_in_junit_and_pytest_html(
    run: Run, pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    run(CLAIMED, "--junitxml=junit.xml", "--html=page.html", "--self-contained-html", *workers)

    properties = {
        (found.get("name"), found.get("value"))
        for found in ElementTree.parse(pytester.path / "junit.xml").iter("property")
    }
    assert ("k8snet.waiver", "known (https://example.test/1)") in properties
    assert ("k8snet.waiver", "known (https://example.test/2)") in properties
    page = (pytester.path / "page.html").read_text(encoding="utf-8")
    assert "known (https://example.test/1)" in page
    assert "known (https://example.test/2)" in page


def test_what_a_check_says_itself_comes_before_its_table(run: Run, pytester: pytest.Pytester) -> None:
    run('@pytest.mark.check("MODEL-001")\ndef test_own_words(seen_wrong): pytest.fail("not enforced at all")\n')

    (check,) = decode_report((pytester.path / "k8snet-report" / "report.json").read_bytes()).checks
    assert check.reason.splitlines()[0] == "not enforced at all"
    assert "1 of 1 cells differ" in check.reason
