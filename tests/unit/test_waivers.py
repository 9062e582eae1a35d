"""The waivers file: what is read, what is refused with file and line, and what pytest makes of it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_k8snet.errors import UsageError
from pytest_k8snet.report.waiver import Waiver, WaiverState, as_text
from pytest_k8snet.waivers import demand_known, read_waivers

TODAY = datetime.date(2026, 11, 27)
GOOD = """\
# what we know

[[waiver]]
check = "DNS-001"
reason = "a known defect"
link = "https://example.test/7"
expires = 2027-01-31
params = { family = "ipv6" }
"""
Read = Callable[[str], tuple[Waiver, ...]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read a file of this text, named waivers.toml."""
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> tuple[Waiver, ...]:
        Path("waivers.toml").write_text(text)
        return read_waivers("waivers.toml", TODAY)

    return read


def test_a_waiver_has_a_check_a_reason_a_link_and_an_end(read: Read) -> None:
    until = datetime.date(2027, 1, 31)
    assert read(GOOD) == (
        Waiver("DNS-001", "a known defect", "https://example.test/7", until, {"family": "ipv6"}, "waivers.toml:3"),
    )


def test_an_entry_may_name_several_checks_with_one_reason(read: Read) -> None:
    several = read(GOOD.replace('"DNS-001"', '["DNS-001", "DNS-002"]'))
    assert several == tuple(replace(read(GOOD)[0], check=check) for check in ("DNS-001", "DNS-002"))


def test_an_empty_file_waives_nothing(read: Read) -> None:
    assert read("") == ()


def test_a_reason_of_several_lines_becomes_one(read: Read) -> None:
    (waiver,) = read(GOOD.replace('"a known defect"', '"""a known\n  defect"""'))
    assert waiver.reason == "a known defect"


@pytest.mark.parametrize(
    ("day", "state"),
    [("2026-11-26", WaiverState.EXPIRED), ("2026-11-27", WaiverState.UNUSED), ("2026-11-28", WaiverState.UNUSED)],
)
def test_a_waiver_is_good_on_its_last_day_and_not_after(read: Read, day: str, state: WaiverState) -> None:
    (waiver,) = read(GOOD.replace("2027-01-31", day))
    assert waiver.state is state


@pytest.mark.parametrize(
    ("changed", "to", "said"),
    [
        ('check = "DNS-001"\n', "", ":3: a waiver needs check, reason, link, expires; check is missing"),
        ('reason = "a known defect"\n', "", ":3: a waiver needs check, reason, link, expires; reason is missing"),
        ('link = "https://example.test/7"\n', "", ":3: a waiver needs check, reason, link, expires; link is missing"),
        ("expires = 2027-01-31\n", "", ":3: a waiver needs check, reason, link, expires; expires is missing"),
        ('"a known defect"', '" "', ":3: reason must be a text that is not empty, not ' '"),
        ('"DNS-001"', "1", ":3: check must be the id of a check or a list of ids, not 1"),
        ('"DNS-001"', "[]", ":3: check must be the id of a check or a list of ids, not []"),
        ('"DNS-001"', '["DNS-001", 2]', ":3: check must be the id of a check or a list of ids, not ['DNS-001', 2]"),
        ("2027-01-31", '"2027-01-31"', ":3: expires must be a date such as 2027-01-31, without quotes"),
        ("2027-01-31", "2027-01-31T00:00:00", ":3: expires must be a date such as 2027-01-31"),
        ("2027-01-31", "2027-02-30", " is no TOML: Invalid date or datetime (at line 7, column 11)"),
        ("params", "cells", ":3: cells: a waiver has only check, reason, link, expires and params"),
        ('"ipv6"', "6", ":3: params must be texts by name"),
        ("[[waiver]]", "[[waivers]]", ": expected only [[waiver]] tables, not waivers"),
        ("[[waiver]]", "[waiver]", ": expected only [[waiver]] tables, not a waiver of another form"),
        ("[[waiver]]", "[[waiver", " is no TOML: "),
    ],
)
def test_what_cannot_be_used_is_refused_with_file_and_line(read: Read, changed: str, to: str, said: str) -> None:
    assert changed in GOOD
    with pytest.raises(UsageError) as error:
        read(GOOD.replace(changed, to))
    assert error.value.message.startswith(f"--k8snet-waivers: waivers.toml{said}")


def test_a_check_is_waived_once(read: Read) -> None:
    with pytest.raises(
        UsageError, match=r"waivers\.toml:10: DNS-001\[family=ipv6\] is waived already at waivers\.toml:3"
    ):
        read(f"{GOOD}\n{GOOD.partition(chr(10) * 2)[2]}")
    assert len(read(GOOD + GOOD.replace("ipv6", "ipv4"))) == 2


def test_a_line_is_only_named_when_it_is_sure(read: Read) -> None:
    (waiver,) = read(GOOD.replace('"a known defect"', '"""\n[[waiver]]"""'))
    assert waiver.place == "waivers.toml"


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nope\.toml cannot be read: .*No such file"):
        read_waivers(str(tmp_path / "nope.toml"), TODAY)


def test_a_check_that_does_not_exist_cannot_be_waived(read: Read) -> None:
    waivers = read(GOOD.replace("DNS-001", "MODLE-001") + GOOD.replace("DNS-001", "MODEL-001"))
    with pytest.raises(UsageError, match=r"waivers\.toml:3: there is no check MODLE-001") as error:
        demand_known(waivers, {"OWN-001"})
    assert "docs/checks.md" in error.value.hint


def test_shipped_and_collected_checks_exist(read: Read) -> None:
    demand_known(read(GOOD.replace("DNS-001", "MODEL-001") + GOOD.replace("DNS-001", "OWN-001")), {"OWN-001"})


def test_the_check_of_random_policies_exists_also_when_none_are_drawn(read: Read) -> None:
    demand_known(read(GOOD.replace("DNS-001", "POLICY-090")), set())


def test_the_shipped_waivers_name_checks_that_exist() -> None:
    for file in (Path(__file__).parents[2] / "examples" / "waivers").glob("*.toml"):
        assert read_waivers(str(file), TODAY)
        demand_known(read_waivers(str(file), TODAY), set())


CONFTEST = """
from pytest_k8snet.report.waiver import from_text
from pytest_k8snet.waivers import waive

def pytest_collection_modifyitems(items):
    waive(items, from_text({text!r}))
"""
TESTS = """
import pytest
from pytest_k8snet.checks import check
from pytest_k8snet.errors import AgentLost

each_family = pytest.mark.parametrize("family", ["ipv4", "ipv6"])

@each_family
@check("MODEL-901", spec="", level="core", catches=())
def test_wrong(family): assert False

@check("MODEL-902", spec="", level="core", catches=())
def test_fails_by_its_own_words(): pytest.fail("not so")

@check("MODEL-903", spec="", level="core", catches=())
def test_right(): pass

@check("MODEL-904", spec="", level="core", catches=())
def test_lost(): raise AgentLost("gone")

@pytest.mark.xfail(reason="of the test itself", strict=True)
@check("MODEL-905", spec="", level="core", catches=())
def test_has_a_mark_of_its_own(): pass

def test_of_the_user(): assert False
"""


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one-process", "workers"])
def test_a_waiver_is_an_xfail_of_pytest_for_verdicts_only(
    pytester: pytest.Pytester, read: Read, workers: tuple[str, ...]
) -> None:
    texts = [GOOD.replace("DNS-001", "MODEL-901")]
    texts += [GOOD.replace("DNS-001", f"MODEL-90{n}").replace("params", "# params") for n in (2, 3, 4, 5)]
    pytester.makeconftest(CONFTEST.format(text=as_text(read("".join(texts)))))
    pytester.makeini("[pytest]\nstrict_xfail = true\n")
    result = pytester.runpytest_inprocess("-rxXf", *workers, str(pytester.makepyfile(TESTS)))
    result.assert_outcomes(failed=3, xfailed=2, xpassed=2)
    why = "a known defect (https://example.test/7, waived until 2027-01-31)"
    lines = result.stdout.str().splitlines()
    assert {line.partition(" ")[0]: why in line for line in lines if "::test_right" in line} == {"XPASS": True}
    assert [why in line for line in lines if "XFAIL" in line and "test_wrong[ipv6]" in line] == [True]
    assert {line.partition("::")[2].partition(" ")[0] for line in lines if line.startswith("FAILED")} == {
        "test_wrong[ipv4]",
        "test_lost",
        "test_of_the_user",
    }


def test_runxfail_turns_waivers_off(pytester: pytest.Pytester, read: Read) -> None:
    pytester.makeconftest(CONFTEST.format(text=as_text(read(GOOD.replace("DNS-001", "MODEL-901")))))
    result = pytester.runpytest_inprocess("--runxfail", "-k", "test_wrong", str(pytester.makepyfile(TESTS)))
    result.assert_outcomes(failed=2)
