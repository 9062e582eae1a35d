"""Telling a broken path from a broken promise: finer promises are judged only where packets arrive at all.

Without this a single missing route would fail nearly every check, and none would say where it is. The checks of plain
reachability ask every path, so a path that is left out here has failed there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from pytest_k8snet.probe.controls import lacking
from pytest_k8snet.probe.observation import (
    CONNECTS,
    Expectation,
    Expected,
    Family,
    Observation,
    Pod,
    Probe,
    Protocol,
)


class Path(NamedTuple):
    """From the pods of one node to those of another, or the same."""

    source_node: str
    target_node: str
    protocol: Protocol
    family: Family


def path_of(probe: Probe) -> Path:
    """Return the path that a probe takes."""
    return Path(probe.source.node, probe.target_node, probe.protocol, probe.family)


def samples(pods: Iterable[Pod], wanted: Iterable[Path]) -> dict[Probe, Path]:
    """Return plain probes between different pods that try the wanted paths, as far as there are pods for them."""
    pods, paths = tuple(pods), set(wanted)
    return {
        probe: path_of(probe)
        for path in sorted(paths)
        for source in pods
        for target in pods
        if source != target and (source.node, target.node) == path[:2] and path.family in target.families
        for probe in [_plain(source, target, path)]
    }


def _plain(source: Pod, target: Pod, path: Path) -> Probe:
    address = target.address(path.family)
    return Probe(source, address, target.port, path.protocol, target.name, target_node=target.node)


def broken(tried: Mapping[Probe, Path], seen: Mapping[Probe, Observation]) -> set[Path]:
    """Return the paths on which a plain probe did not arrive, or was answered from elsewhere."""
    return {path for probe, path in tried.items() if Expected(CONNECTS).mismatch(probe, seen[probe])}


def without(expectation: Expectation, left_out: set[Path]) -> Expectation:
    """Return an expectation without the probes on these paths, and without negatives that lose their controls so."""
    cells = {probe: expected for probe, expected in expectation.cells.items() if path_of(probe) not in left_out}
    # Those that never had one stay: the prober refuses them.
    unproved = lacking(replace(expectation, cells=cells)).keys() - lacking(expectation).keys()
    return replace(expectation, cells={probe: cells[probe] for probe in cells if probe not in unproved})
