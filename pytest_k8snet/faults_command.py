"""``k8snet cluster faults|inject|restore``: deliberate defects of an embedded cluster, for people."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_k8snet.cluster_command import Parts, add_part, kubeconfig_of, show_table

if TYPE_CHECKING:
    from pytest_k8snet.providers import Say
    from pytest_k8snet.providers.embedded import EmbeddedFaults


def add(parts: Parts, say: Say) -> None:
    """Add the parts to those of ``k8snet cluster``."""
    text = "List the faults: where each sits, what it breaks, the checks that catch it, and which are in."
    add_part(parts, "faults", text).set_defaults(run=lambda given: _list(given, say))
    inject = add_part(parts, "inject", "Break a cluster on purpose.")
    inject.set_defaults(run=lambda given: _each(given, lambda faults, name: faults.inject(name), "is in", say))
    restore = add_part(parts, "restore", "Mend what was broken.")
    restore.set_defaults(run=lambda given: _each(given, lambda faults, name: faults.restore(name), "is out", say))
    for part in (inject, restore):
        part.add_argument("faults", nargs="+", metavar="FAULT", help="see: k8snet cluster faults")


def _list(given: argparse.Namespace, say: Say) -> int:
    from pytest_k8snet.catalogue import catching

    caught = catching()
    rows = [
        (fault.name, fault.layer, "in" if fault.active else "", fault.breaks, " ".join(caught.get(fault.name, ())))
        for fault in _faults(given).known()
    ]
    show_table([("FAULT", "LAYER", "STATE", "BREAKS", "CAUGHT BY"), *rows], say)
    return 0


def _each(given: argparse.Namespace, do: Callable[[EmbeddedFaults, str], None], done: str, say: Say) -> int:
    faults = _faults(given)
    for name in given.faults:
        do(faults, name)
        say(f"{name} {done}")
    return 0


def _faults(given: argparse.Namespace) -> EmbeddedFaults:
    from pytest_k8snet.providers.embedded import EmbeddedFaults

    return EmbeddedFaults.of(kubeconfig_of(given.name))
