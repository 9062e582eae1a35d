"""Which case covers which case of cyclonus and which test of others: the tables of docs/policy-coverage.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pytest_k8snet.policy.cases import Case

# The groups of cyclonus's generator in its order, and how it calls them.
GROUPS = {
    "target": "TargetTestCases",
    "rules": "RulesTestCases",
    "peers": "PeersTestCases",
    "ports": "PortProtocolTestCases",
    "example": "ExampleTestCases",
    "action": "ActionTestCases",
    "conflict": "ConflictTestCases",
    "namespace": "NamespaceTestCases",
    "upstream": "UpstreamE2ETestCases",
}


def group_of(name: str) -> str:
    """Return the group of a cyclonus case by the name that it has here."""
    return name.partition("/")[0]


def groups(cases: Sequence[Case]) -> str:
    """Return the table of cyclonus's groups: how many of their cases and steps are here."""
    covering = [(group_of(name), case) for case in cases for name in case.cyclonus]
    total = Counter(group for group, _ in covering)
    default = Counter(group for group, case in covering if case.cyclonus_default)
    steps = Counter(group for group, case in covering for _ in case.steps)
    rows = [(f"{name} (`{theirs}`)", total[name], default[name], steps[name]) for name, theirs in GROUPS.items()]
    rows.append(("all", total.total(), default.total(), steps.total()))
    return _table(("group", "cases", "of them in the default set", "steps"), rows)


def by_cyclonus_name(cases: Sequence[Case]) -> str:
    """Return the table from cyclonus's cases to ours, in cyclonus's order of groups."""
    order = list(GROUPS)
    found = sorted(
        ((order.index(group_of(name)), case.id, name, case) for case in cases for name in case.cyclonus),
        key=lambda row: row[:3],
    )
    return _table(
        ("cyclonus", "default", "case", "what is tried"),
        [(name, "yes" if case.cyclonus_default else "", case.id, case.title) for _, _, name, case in found],
    )


def by_upstream_name(cases: Sequence[Case]) -> str:
    """Return the table from upstream tests to ours, by the id of our case."""
    return _table(
        ("upstream test", "case", "what is tried"),
        [(name, case.id, case.title) for case in sorted(cases, key=lambda case: case.id) for name in case.upstream],
    )


def by_conformance_name(cases: Sequence[Case]) -> str:
    """Return the table from the conformance tests of network-policy-api to ours, by the id of our case."""
    return _table(
        ("conformance test", "case", "what is tried"),
        [(name, case.id, case.title) for case in sorted(cases, key=lambda case: case.id) for name in case.conformance],
    )


def beyond(cases: Sequence[Case]) -> str:
    """Return the table of the cases that none of them has."""
    in_order = sorted(cases, key=lambda case: case.id)
    ours = [case for case in in_order if not (case.cyclonus or case.upstream or case.conformance)]
    return _table(("case", "file", "what is tried"), [(case.id, case.file.name, case.title) for case in ours])


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
