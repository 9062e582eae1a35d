"""What was tested, with what: the head of every report."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import pairwise

from pytest_k8snet.checks import REQUIREMENTS
from pytest_k8snet.options import OPTIONS, Settings
from pytest_k8snet.report.record import CniRecord, Environment, FleetRecord, NodeRecord
from pytest_k8snet.state import ClusterState


def describe(state: ClusterState | None, settings: Settings, arguments: Sequence[str]) -> Environment:
    """Return what is known; without a state, a run that ended before its cluster was ready."""
    made = Environment(
        versions={
            "k8snet": version("pytest-k8snet"),
            "python": platform.python_version(),
            "pytest": version("pytest"),
            "kubernetes client": version("kubernetes"),
            "kernel of this machine": os.uname().release,
        },
        seed=settings.seed,
        command_line=shlex.join(["pytest", *arguments]),
    )
    if state is not None:
        _add_cluster(made, state)
    return made


def _add_cluster(made: Environment, state: ClusterState) -> None:
    made.versions["kubernetes"] = state.version
    made.provider, made.why_this_cluster, made.context = state.provider, state.why, state.context
    made.run_id, made.mtu = state.run_id, state.mtu
    made.cni = CniRecord(name=state.cni.name, mode=state.cni.mode)
    made.proxy_mode = state.proxy_mode
    made.families = [str(family) for family in state.families]
    made.capabilities = {name: state.missing.get(name, "") for name in REQUIREMENTS if name not in state.untried}
    made.claims = dict.fromkeys(state.claimed, True) | dict.fromkeys(state.denied, False)
    made.nodes = [
        NodeRecord(node.name, node.kernel, node.os, node.runtime, node.kubelet, [*node.addresses], [*node.pod_cidrs])
        for node in state.nodes
    ]
    made.fleet = [
        FleetRecord(f"{pod.namespace}/{pod.name}", pod.node, [*pod.addresses], pod.host_network)
        for pod in state.fleet.all()
    ]


def repeat_command(nodeid: str, path: str, arguments: Sequence[str], seed: int | None = None) -> str:
    """Return the command line that runs one check again, with our options as they were given, and a ``seed`` drawn."""
    test = nodeid.partition("::")[2]
    where = os.path.relpath(path)
    kept = ["pytest", "--k8snet", *_our_options(arguments)]
    if seed is not None and not any(option.startswith("--k8snet-seed=") for option in kept):
        kept.append(f"--k8snet-seed={seed}")
    return shlex.join([*kept, f"{where if len(where) < len(path) else path}::{test}"])


def _our_options(arguments: Sequence[str]) -> Iterator[str]:
    """Yield our options, each in one word: one that can stand alone would take the test that follows for its value."""
    known = {option.flag: option for option in OPTIONS}
    for argument, following in pairwise([*arguments, ""]):
        flag, equals, value = argument.partition("=")
        if (option := known.get(flag)) is None:
            continue
        if not equals:
            alone = not following or following.startswith("-")
            value = option.const if alone and option.const is not None else following
        yield f"{flag}={value}"
