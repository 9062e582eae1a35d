"""What pytest-html 4 is given: two columns, the truth tables, the environment. It is not a dependency and not imported.

It puts cells, summary, extras and environment into its page as raw HTML, so all of it is made by ``markup``.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pytest_k8snet.report.digest import counted, environment_facts, headline
from pytest_k8snet.report.junit import PREFIX
from pytest_k8snet.report.markup import Markup, element, escaped, joined
from pytest_k8snet.report.record import CheckRecord, Environment, Report
from pytest_k8snet.report.table_markup import table_markup, table_style

AFTER_RESULT = 1  # where our columns come


def wanted(config: pytest.Config) -> bool:
    """Tell whether the user asked for a report of pytest-html."""
    return bool(config.getoption("htmlpath", None))


def extras(check: CheckRecord) -> list[dict[str, str | None]]:
    """Return the truth tables of a check as ``pytest_html.extras.html`` would."""
    if not check.tables:
        return []
    content = joined((element("style", Markup(table_style())), *(table_markup(table) for table in check.tables)))
    return [{"name": None, "format_type": "html", "content": str(content), "mime_type": None, "extension": None}]


def add_header_cells(cells: list[str]) -> None:
    """Add the heads of our columns."""
    cells[AFTER_RESULT:AFTER_RESULT] = [
        str(element("th", "Check", class_="sortable", data_column_type="check")),
        str(element("th", "Convergence")),
    ]


def add_row_cells(cells: list[str], user_properties: Iterable[tuple[str, object]]) -> None:
    """Add what a test says of itself, which is nothing for a test that is not a check.

    An emptied row is one that another plugin wants left out; it stays empty.
    """
    if not cells:
        return
    said = dict(user_properties)
    seconds = said.get(f"{PREFIX}convergence_seconds")
    cells[AFTER_RESULT:AFTER_RESULT] = [
        str(element("td", str(said.get(f"{PREFIX}id", "")), class_="col-check")),
        str(element("td", f"{seconds} s" if seconds else "", class_="col-convergence")),
    ]


def summary(report: Report) -> str:
    """Return the verdict for the head of the page."""
    return str(element("p", element("b", headline(report)), f" ({counted(report.summary)})"))


def add_environment(config: pytest.Config, environment: Environment) -> None:
    """Put the cluster into the environment table, if there will be one."""
    if not wanted(config):
        return
    from pytest_metadata.plugin import metadata_key  # type: ignore[import-untyped]

    facts = {str(escaped(name)): str(escaped(value)) for name, value in environment_facts(environment)}
    config.stash[metadata_key]["Kubernetes network"] = facts
