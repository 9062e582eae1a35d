"""Every negative has a positive: "must not connect" proves nothing when source or target might simply be dead."""

from __future__ import annotations

from pytest_k8snet.probe.observation import CONNECTS, Expectation, Expected, Family, Outcome, Pod, Probe, Protocol


def unproved(expectation: Expectation) -> list[str]:
    """Return what is missing, one sentence per cell that must not connect and lacks one of its two controls."""
    return [
        f"{probe.source.name} -> {probe.column} {probe.protocol} {probe.family} must not connect, but {missing}"
        for probe, sentences in lacking(expectation).items()
        for missing in sentences
    ]


def lacking(expectation: Expectation) -> dict[Probe, list[str]]:
    """Return the cells that must not connect and lack a control, each with what it lacks.

    The controls are cells of the same table, protocol and family that must connect: one from the same source, and one,
    from any source, that must be answered by the pod named as the ``target`` of the negative cell.
    """
    sources: set[tuple[Pod, Protocol, Family]] = set()
    servers: set[tuple[str, Protocol, Family]] = set()
    for probe, expected in expectation.cells.items():
        if expected.outcomes == CONNECTS:
            sources.add((probe.source, probe.protocol, probe.family))
            servers.add((expected.server, probe.protocol, probe.family))
    return {
        probe: missing
        for probe, expected in expectation.cells.items()
        if Outcome.CONNECTED not in expected.outcomes and probe not in expectation.controlled
        if (missing := _missing(probe, expected, sources, servers))
    }


def _missing(
    probe: Probe,
    expected: Expected,
    sources: set[tuple[Pod, Protocol, Family]],
    servers: set[tuple[str, Protocol, Family]],
) -> list[str]:
    found = []
    if (probe.source, probe.protocol, probe.family) not in sources:
        found.append(f"no cell shows that {probe.source.name} can reach anything")
    if not expected.target:
        found.append("it names no target whose life could be shown")
    elif (expected.target, probe.protocol, probe.family) not in servers:
        found.append(f"no cell shows that {expected.target} answers anyone")
    return found
