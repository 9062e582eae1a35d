"""What goes into JUnit XML and, because it lies in ``user_properties``, before every other reader of pytest's reports.

Only strings: one value that execnet cannot carry ends a distributed run.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pytest_k8snet.report.digest import environment_facts
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import CheckRecord, Environment

PREFIX = "k8snet."


def properties(check: CheckRecord) -> list[tuple[str, str]]:
    """Return a check as properties; what is empty is left out."""
    convergence = check.convergence
    values = [
        ("id", check.id),
        ("area", check.area),
        ("level", check.level),
        ("title", check.title),
        ("spec", check.spec),
        ("outcome", check.outcome.value),
        ("waiver", check.reason if check.outcome in (CheckOutcome.XFAILED, CheckOutcome.XPASSED) else ""),
        ("convergence_seconds", "" if convergence is None else f"{convergence:.3f}"),
        *((f"parameter.{name}", value) for name, value in check.params.items()),
        *((f"table.{number}", f"{table.title}: {table.verdict}") for number, table in enumerate(check.tables, 1)),
        *((f"measurement.{each.name}", f"{each.value:g} {each.unit}".strip()) for each in check.measurements),
        ("repeat", check.repeat),
    ]
    return [(PREFIX + name, value) for name, value in values if value]


def with_properties(present: Iterable[tuple[str, object]], check: CheckRecord) -> list[tuple[str, object]]:
    """Return the properties that are there with those of a check, which replace its earlier ones."""
    return [*(pair for pair in present if not pair[0].startswith(PREFIX)), *properties(check)]


def add_environment(config: pytest.Config, environment: Environment) -> None:
    """Give the JUnit file the environment as properties of the suite; without ``--junitxml`` there is nothing to do.

    To be called in the controller before pytest writes the file. ``record_testsuite_property`` would be lost there:
    with pytest-xdist it is a worker's (https://github.com/pytest-dev/pytest/issues/7767).
    """
    from _pytest.junitxml import xml_key

    xml = config.stash.get(xml_key, None)
    if xml is not None:
        for name, value in environment_facts(environment):
            xml.add_global_property(PREFIX + name.replace(" ", "_"), value)
