"""The data of a report: its way through JSON, and its schema."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import subprocess
import sys
import types
import typing
from collections.abc import Callable
from importlib import resources
from typing import Any

import jsonschema
import pytest

from pytest_k8snet.probe.observation import Family, Outcome, Protocol
from pytest_k8snet.report import compared, figures, record
from pytest_k8snet.report.figures import Measurement
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import (
    SCHEMA,
    CheckRecord,
    Environment,
    Report,
    Summary,
    TableRecord,
    decode,
    decode_report,
    encode,
    encode_report,
)
from pytest_k8snet.report.waiver import WaiverState

PLACES = {
    "Report": (),
    "Summary": ("$defs", "summary"),
    "CheckRecord": ("$defs", "check"),
    "TableRecord": ("$defs", "table"),
    "CellRecord": ("$defs", "cell"),
    "PodRecord": ("$defs", "pod"),
    "ExpectedRecord": ("$defs", "expected"),
    "SeenRecord": ("$defs", "seen"),
    "Measurement": ("$defs", "measurement"),
    "ComparisonRecord": ("$defs", "comparison"),
    "ArmRecord": ("$defs", "arm"),
    "RatioRecord": ("$defs", "ratio"),
    "DistributionRecord": ("$defs", "distribution"),
    "MatrixRecord": ("$defs", "matrix"),
    "ComparedRecord": ("$defs", "compared"),
    "ChangeRecord": ("$defs", "change"),
    "Environment": ("$defs", "environment"),
    "NodeRecord": ("$defs", "node"),
    "CniRecord": ("$defs", "cni"),
    "FleetRecord": ("$defs", "fleet_pod"),
    "Waiver": ("$defs", "waiver"),
}
CLASSES = {
    name: found
    for module in (record, figures, compared)
    for name, found in vars(module).items()
    if dataclasses.is_dataclass(found)
}
JSON_TYPES = {
    str: "string",
    datetime.date: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    text = resources.files("pytest_k8snet.report").joinpath("report-1.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _valid(schema: dict[str, Any], report: Report) -> dict[str, Any]:
    text: dict[str, Any] = json.loads(encode_report(report))
    jsonschema.Draft202012Validator(schema).validate(text)
    return text


def test_the_report_is_imported_without_what_only_its_end_needs() -> None:
    modules = "plugin_hooks, recording, record, record_key, terminal"
    heavy = "{'msgspec', 'jinja2', 'pytest_html', 'kubernetes', 'aiohttp'}"
    code = f"import sys; from pytest_k8snet.report import {modules}; print({heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "set()\n"


def test_a_check_survives_the_way_to_the_controller(every_outcome: list[CheckRecord]) -> None:
    assert [decode(encode(check)) for check in every_outcome] == every_outcome


def test_a_report_survives_the_way_through_its_file(
    make_report: Callable[..., Report], every_outcome: list[CheckRecord]
) -> None:
    report = make_report(*every_outcome)

    assert decode_report(encode_report(report)) == report


def test_a_report_of_another_version_is_refused() -> None:
    report = Report(0, 0, 0, Summary(), Summary(), Environment(), [], schema="k8snet-report/2")

    with pytest.raises(ValueError, match="k8snet-report/2"):
        decode_report(encode_report(report))


def test_a_reader_accepts_what_a_later_report_of_the_same_version_adds(make_report: Callable[..., Report]) -> None:
    text = json.loads(encode_report(make_report()))

    assert decode_report(json.dumps(text | {"new": 1})) == make_report()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_measurement_that_json_cannot_hold_is_refused_where_it_is_made(value: float) -> None:
    with pytest.raises(ValueError, match="rtt"):
        Measurement("rtt", value, "ms")


@pytest.mark.parametrize("reason", [7, "\udcff", object()])
def test_a_record_that_the_controller_could_not_read_is_refused_before_it_is_sent(
    make_check: Callable[..., CheckRecord], reason: object
) -> None:
    with pytest.raises((ValueError, TypeError)):
        encode(make_check(reason=reason))


def test_a_check_is_without_a_verdict_until_something_is_known() -> None:
    check = CheckRecord("MODEL-001", "model", "title", "nodeid")

    assert check.outcome is CheckOutcome.ERROR
    assert check.reason


def test_a_table_is_made_of_basic_types(make_table: Callable[..., TableRecord]) -> None:
    table = make_table(2, wrong={(0, 1)})

    assert TableRecord.from_basic(dataclasses.asdict(table)) == table


def test_a_table_that_is_not_one_is_refused() -> None:
    with pytest.raises(ValueError, match="cells"):
        TableRecord.from_basic({"title": "t", "ok": True})


def test_the_schema_is_a_schema(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


def test_full_and_empty_reports_meet_the_schema(
    schema: dict[str, Any], make_report: Callable[..., Report], every_outcome: list[CheckRecord]
) -> None:
    assert len(_valid(schema, make_report(*every_outcome))["checks"]) == 6
    _valid(schema, Report(0, 0, 4, Summary(), Summary(), Environment(), []))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "k8snet-report/2"),
        (("checks", 0, "outcome"), "ok"),
        (("checks", 0, "id"), "model-1"),
        (("checks", 0, "tables", 0, "cells", 0, "seen", "outcome"), "blocked"),
        (("summary", "failed"), -1),
        (("environment", "families"), ["ipx"]),
    ],
)
def test_the_schema_refuses_what_is_not_a_report(
    schema: dict[str, Any],
    make_report: Callable[..., Report],
    every_outcome: list[CheckRecord],
    path: tuple[str | int, ...],
    value: object,
) -> None:
    text = _valid(schema, make_report(*every_outcome))
    place: Any = text
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(text)


def test_every_dataclass_of_the_report_has_its_place_in_the_schema() -> None:
    assert set(CLASSES) == set(PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_schema_and_dataclass_have_the_same_fields_of_the_same_types(schema: dict[str, Any], name: str) -> None:
    described = schema
    for step in PLACES[name]:
        described = described[step]
    hints = typing.get_type_hints(CLASSES[name])

    assert set(described["properties"]) == set(described["required"]) == set(hints)
    for field, hint in hints.items():
        assert _types(schema, described["properties"][field]) == _types_of(hint), field


def _types(schema: dict[str, Any], described: dict[str, Any]) -> set[str]:
    if "$ref" in described:
        described = schema["$defs"][described["$ref"].rpartition("/")[2]]
    if "anyOf" in described:
        return set().union(*(_types(schema, each) for each in described["anyOf"]))
    if "type" not in described:
        return {"string"}  # an enum or a const, of text
    found = described["type"]
    return set(found) if isinstance(found, list) else {found}


def _types_of(hint: Any) -> set[str]:
    if isinstance(hint, types.UnionType):
        return set().union(*(_types_of(each) for each in typing.get_args(hint)))
    if hint is type(None):
        return {"null"}
    origin = typing.get_origin(hint) or hint
    if dataclasses.is_dataclass(origin):
        return {"object"}
    return {"string"} if issubclass(origin, enum.Enum) else {JSON_TYPES[origin]}


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (CheckOutcome, ("$defs", "outcome")),
        (WaiverState, ("$defs", "waiver", "properties", "state")),
        (Outcome, ("$defs", "probe_outcome")),
        (Protocol, ("$defs", "cell", "properties", "protocol")),
        (Family, ("$defs", "cell", "properties", "family")),
    ],
)
def test_schema_and_code_use_the_same_words(
    schema: dict[str, Any], words: type[enum.StrEnum], place: tuple[str, ...]
) -> None:
    described: Any = schema
    for step in place:
        described = described[step]

    assert described["enum"] == [word.value for word in words]


def test_the_schema_has_the_name_that_reports_carry(schema: dict[str, Any]) -> None:
    assert schema["$id"] == schema["properties"]["schema"]["const"] == SCHEMA
