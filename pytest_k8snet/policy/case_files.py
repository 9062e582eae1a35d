"""Case files: YAML in, cases out. A mistake is refused with file and line before anything is done to a cluster.

A file is a list of cases, or a mapping: ``cases``, ``defaults`` (fields that cases may leave out) and ``define`` (what
they refer to with YAML anchors). A case with one step has the step's fields itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pytest_k8snet.checks import REQUIREMENTS
from pytest_k8snet.errors import UsageError
from pytest_k8snet.policy import case_steps
from pytest_k8snet.policy.cases import Case, Step
from pytest_k8snet.policy.located import Located, complaint, read
from pytest_k8snet.policy.simulation import problem
from pytest_k8snet.profiles import LEVELS

DEFAULTS = ("level", "spec", "requires", "default", "route")
REQUIRED = ("id", "title", "level", "spec")
ONE_STEP = tuple(name for name in case_steps.STEP if name != "title")
COVERED = ("cyclonus", "default", "upstream", "conformance")
CASE = ("id", "title", "level", "spec", "requires", "catches", *COVERED, "steps", *ONE_STEP)
OWN_IDS = range(900, 1000)  # of users; ours end before, so that an id is never that of two checks
NO_CLAUSES: Mapping[str, str] = {}


def load(file: Path, clauses: Mapping[str, str] = NO_CLAUSES) -> tuple[Case, ...]:
    """Return the cases of a file in their order.

    ``clauses`` are the URLs that ``spec`` may name by a key; without one, ``spec`` is a URL itself. Raises UsageError
    for a mistake: ``file:line: what is wrong`` and what would have been right.
    """
    return _cases(file, clauses, {})


def load_all(folder: Path, clauses: Mapping[str, str] = NO_CLAUSES) -> tuple[Case, ...]:
    """Return the cases of all ``*.yaml`` files of a folder, by name of file. An id or a title is theirs only once."""
    seen: dict[str, Case] = {}
    return tuple(case for file in sorted(folder.glob("*.yaml")) for case in _cases(file, clauses, seen))


def load_own(path: Path, clauses: Mapping[str, str] = NO_CLAUSES) -> tuple[Case, ...]:
    """Return the cases of a user: of a file, or of all ``*.yaml`` files of a folder. Raises UsageError."""
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder")
    cases = load_all(path, clauses) if path.is_dir() else load(path, clauses)
    if not cases:
        raise UsageError(f"{path}: there is no *.yaml file in this folder")
    for case in cases:
        if int(case.id.removeprefix("POLICY-")) not in OWN_IDS:
            yours = f"POLICY-{OWN_IDS[0]} to POLICY-{OWN_IDS[-1]}"
            raise complaint(case.file, case.line, f"{case.id} is for shipped cases; yours are {yours}")
    return cases


def _cases(file: Path, clauses: Mapping[str, str], seen: dict[str, Case]) -> tuple[Case, ...]:
    whole = read(file)
    defaults: dict[str, Located] = {}
    listed = whole
    if not whole.is_list():
        parts = whole.fields("a case file", ("define", "defaults", "cases"), ("cases",))
        listed = parts["cases"]
        if "defaults" in parts:
            defaults = parts["defaults"].fields("defaults", DEFAULTS)
    found = listed.items("cases")
    if not found:
        raise listed.error("there is no case in this file")
    return tuple(_checked(_case(one, defaults, clauses, file), one, seen) for one in found)


def _checked(case: Case, found: Located, seen: dict[str, Case]) -> Case:
    for key in (case.id, case.title):
        if (other := seen.setdefault(key, case)) is not case:
            raise found.error(f"{key!r} is also at {other.file}:{other.line}; ids and titles are unique")
    if wrong := problem(case):
        raise found.error(f"{case.id}: {wrong}")
    return case


def _case(found: Located, defaults: Mapping[str, Located], clauses: Mapping[str, str], file: Path) -> Case:
    own = found.fields("a case", CASE)
    fields = {name: value for name, value in defaults.items() if name != "route"} | own
    for name in REQUIRED:
        if name not in fields:
            raise found.error(f"a case lacks the field {name!r}")
    ident = fields["id"].text("an id")
    if not re.fullmatch(r"POLICY-\d{3}", ident):
        raise fields["id"].error(f"an id looks like POLICY-100, not {ident!r}")
    return Case(
        id=ident,
        title=fields["title"].text("a title"),
        level=fields["level"].choice("level", LEVELS),
        spec=_clause(fields["spec"], clauses),
        steps=_steps(found, own, {"route": defaults["route"]} if "route" in defaults else {}),
        catches=_names(fields, "catches", "name of a fault"),
        requires=_names(fields, "requires", "requirement", tuple(REQUIREMENTS)),
        cyclonus=_names(fields, "cyclonus", "name of a cyclonus case"),
        cyclonus_default="cyclonus" in fields and "default" in fields and fields["default"].flag("default"),
        upstream=_names(fields, "upstream", "name of an upstream test"),
        conformance=_names(fields, "conformance", "name of a test of network-policy-api"),
        file=file,
        line=found.line,
    )


def _clause(found: Located, clauses: Mapping[str, str]) -> str:
    text = found.text("a clause")
    return text if text.startswith("https://") else clauses[found.choice("clause", clauses or ("https://...",))]


def _names(fields: Mapping[str, Located], field: str, what: str, known: tuple[str, ...] = ()) -> tuple[str, ...]:
    if field not in fields:
        return ()
    return tuple(one.choice(what, known) if known else one.text(what) for one in fields[field].items(f"{what}s"))


def _steps(found: Located, fields: Mapping[str, Located], defaults: Mapping[str, Located]) -> tuple[Step, ...]:
    direct = {name: value for name, value in fields.items() if name in ONE_STEP}
    if bool(direct) == ("steps" in fields):
        raise found.error("a case has either steps or the fields of a single step", ("steps", *ONE_STEP))
    if direct:
        return (case_steps.step(dict(defaults) | direct),)
    listed = fields["steps"].items("steps")
    if not listed:
        raise fields["steps"].error("there is no step")
    return tuple(case_steps.step(dict(defaults) | one.fields("a step", case_steps.STEP)) for one in listed)
