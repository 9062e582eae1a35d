"""The table of our checks and the tests of [sig-network]."""

from __future__ import annotations

import pytest

from pytest_k8snet.catalogue import all_checks
from pytest_k8snet.sig_network import Area, UpstreamTest, alone_table, areas, unknown_checks, upstream_table

TITLES = {check.id: sentence for check, sentence in all_checks()}
AREA = Area("made up", ("SVC",), (UpstreamTest("should | work", True, ("SVC-001",)), UpstreamTest("other", False, ())))


def test_the_shipped_files_name_checks_that_there_are_and_no_test_twice() -> None:
    found = areas()
    assert "services" in {area.name for area in found}
    assert unknown_checks(found, TITLES) == set()
    names = [test.name for area in found for test in area.tests]
    assert sorted(names) == sorted(set(names))


def test_a_test_of_theirs_stands_beside_our_checks_or_none() -> None:
    assert upstream_table(AREA).splitlines()[2:] == [
        "| should \\| work | yes | SVC-001 |  |",
        "| other |  | none |  |",
    ]


def test_what_is_ours_alone_is_of_the_area_and_in_no_line_of_theirs() -> None:
    titles = {"SVC-001": "one", "SVC-002": "two", "DNS-001": "three"}
    assert alone_table(AREA, titles).splitlines()[2:] == ["| SVC-002 | two |"]


@pytest.mark.parametrize("ident", ["SVC-001", "SVC-072", "EXP-005"])
def test_checks_of_services_are_of_the_area_services(ident: str) -> None:
    (check,) = [check for check, _ in all_checks() if check.id == ident]
    assert check.area == "services"
