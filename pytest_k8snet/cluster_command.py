"""``k8snet cluster``: the embedded cluster for people with kubectl."""

from __future__ import annotations

import argparse
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pytest_k8snet.errors import PreflightError

if TYPE_CHECKING:
    from pytest_k8snet.providers import Say
    from pytest_k8snet.standing import Standing

DEFAULT = "default"


Parts: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add(commands: Parts, say: Say) -> Parts:
    """Add the command and its parts to those of the program. Return the parts."""
    text = "Start, list and end embedded clusters for kubectl; they stand until they are ended."
    parts = commands.add_parser("cluster", help=text, description=text).add_subparsers(required=True, metavar="PART")
    up = add_part(parts, "up", "Start a cluster in the background and tell how to use it.")
    up.add_argument("--nodes", type=int, default=3, metavar="N", help="number of nodes (default: 3)")
    up.add_argument("--family", choices=("ipv4", "ipv6", "dual"), default="dual", help="default: dual")
    up.add_argument("--faults-from", default="", metavar="FOLDER", help="faults of your own, one Python file each")
    up.add_argument("--network", choices=("routed", "vxlan", "bgp"), default="routed", help="default: routed")
    up.add_argument(
        "--domain", default="cluster.local", metavar="NAME", help="the cluster domain (default: %(default)s)"
    )
    up.set_defaults(run=lambda given: _up(given, say))
    down = add_part(parts, "down", "End a cluster; nothing of it is left.")
    down.add_argument("--all", action="store_true", help="end all of them")
    down.set_defaults(run=lambda given: _down(given, say))
    add_part(parts, "kubeconfig", "Print the path of a cluster's kubeconfig.").set_defaults(
        run=lambda given: _kubeconfig(given, say)
    )
    text = "List the clusters."
    parts.add_parser("status", help=text, description=text).set_defaults(run=lambda given: _status(say))
    return parts


def _absolute(folder: str) -> str:
    return str(Path(folder).absolute()) if folder else ""


def add_part(parts: Parts, name: str, text: str) -> argparse.ArgumentParser:
    """Add a part that is about one cluster, the option --name says which."""
    parser = parts.add_parser(name, help=text, description=text)
    parser.add_argument("--name", default=DEFAULT, help=f"which cluster (default: {DEFAULT})")
    return parser


def _named(name: str) -> str:
    return "" if name == DEFAULT else f" --name {name}"


def _up(given: argparse.Namespace, say: Say) -> int:
    from pytest_k8snet import standing

    began = time.monotonic()
    faults_from = _absolute(given.faults_from)
    about = standing.start(given.name, given.nodes, given.family, given.network, faults_from, given.domain)
    nodes = "1 node" if about.nodes == 1 else f"{about.nodes} nodes"
    shape = f"{nodes}, {about.family}, {about.network}"
    say(f'the cluster "{about.name}" is up after {time.monotonic() - began:.1f} s: {shape}')
    say(f"use it:   export KUBECONFIG={shlex.quote(about.kubeconfig)}")
    say(f"end it:   k8snet cluster down{_named(about.name)}")
    return 0


def _down(given: argparse.Namespace, say: Say) -> int:
    from pytest_k8snet import standing

    for one in standing.every() if given.all else [standing.need(given.name)]:
        standing.end(one)
        say(f'the cluster "{one.name}" has ended' if one.alive else f'removed what was left of "{one.name}"')
    return 0


def _kubeconfig(given: argparse.Namespace, say: Say) -> int:
    say(kubeconfig_of(given.name))
    return 0


def kubeconfig_of(name: str) -> str:
    """Return the path of a cluster's kubeconfig. Raises UsageError or PreflightError when it is not up."""
    from pytest_k8snet import standing

    one = standing.need(name)
    if not one.alive or one.about is None:
        raise PreflightError(f'the cluster "{one.name}" is {_state(one)}', hint=_advice(one))
    return one.about.kubeconfig


def _status(say: Say) -> int:
    from pytest_k8snet import standing

    found = standing.every()
    if not found:
        say("there is no cluster; start one: k8snet cluster up")
    else:
        show_table([("NAME", "STATE", "NODES", "FAMILY", "NETWORK", "AGE", "KUBECONFIG"), *map(_row, found)], say)
    return 0


def show_table(rows: list[tuple[str, ...]], say: Say) -> None:
    """Say rows of cells, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(one: Standing) -> tuple[str, ...]:
    if one.about is None:
        return one.name, _state(one), "", "", "", "", ""
    minutes, seconds = divmod(int(time.time() - one.about.started), 60)
    age = f"{minutes}m{seconds}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60}m"
    kubeconfig = one.about.kubeconfig if one.alive else ""
    return one.name, _state(one), str(one.about.nodes), one.about.family, one.about.network, age, kubeconfig


def _state(one: Standing) -> str:
    if not one.alive:
        return "dead"
    return "up" if one.about else "starting"


def _advice(one: Standing) -> str:
    if one.alive:
        return "Try again in some seconds."
    return f"Start it anew: k8snet cluster up{_named(one.name)}; or remove what is left: k8snet sweep"
