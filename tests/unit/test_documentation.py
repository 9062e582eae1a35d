"""The pages that are made from the code are those in the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_k8snet import documentation
from pytest_k8snet.catalogue import all_checks
from pytest_k8snet.documentation import main, pages
from pytest_k8snet.options import OPTIONS
from pytest_k8snet.oracle import policy_page
from pytest_k8snet.oracle.policy_world import Verdict
from pytest_k8snet.profiles import PROFILES

DOCS = Path(documentation.__file__).parents[1] / "docs"
PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_in_the_repository_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name], "run 'make docs' and commit docs/"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_a_heading_an_introduction_and_only_whole_tables(name: str) -> None:
    _, heading, empty, introduction, *rest = PAGES[name].splitlines()
    assert heading.startswith("# ")
    assert empty == ""
    assert introduction
    for table in re.findall(r"(?:^\|.*\n)+", "\n".join(rest) + "\n", flags=re.MULTILINE):
        assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1, table


def test_every_option_and_every_profile_stands_in_the_page_of_options() -> None:
    text = PAGES["options.md"]
    assert all(f"`{option.flag}" in text and f"`{option.variable}`" in text for option in OPTIONS)
    assert all(f"| `{name}` |" in text for name in PROFILES)


def test_every_check_stands_in_the_page_of_checks() -> None:
    assert all(f"| {check.id} | {check.level} | " in PAGES["checks.md"] for check, _ in all_checks())


def test_every_outcome_that_the_page_of_the_policy_oracle_calls_undefined_is() -> None:
    assert [asked.title for _, asked in policy_page.LEFT_OPEN if asked.judgement().verdict != Verdict.UNDEFINED] == []
    assert {example.judgement().verdict for example in policy_page.EXAMPLES} == {*Verdict}


def test_the_pages_are_written_into_the_folder_that_is_named(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == PAGES


def test_without_a_folder_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: python -m pytest_k8snet.documentation FOLDER" in capsys.readouterr().err
