"""The command ``k8snet``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from pytest_k8snet import cluster_command, compare_command, faults_command
from pytest_k8snet.errors import K8sNetError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand. Return 0: all is well, 1: something was left or got worse, 4: it could not begin."""
    parser = argparse.ArgumentParser(prog="k8snet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_sweep(commands)
    _add_checks(commands)
    compare_command.add(commands, _say)
    faults_command.add(cluster_command.add(commands, _say), _say)
    given = parser.parse_args(arguments)
    try:
        status: int = given.run(given)
        sys.stdout.flush()
    except K8sNetError as error:
        print(f"k8snet: {error}", file=sys.stderr)  # noqa: T201
        return 4
    except BrokenPipeError:
        # Whoever reads, such as head, has seen enough; without this Python complains once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _say(text: str) -> None:
    print(text)  # noqa: T201


def _add_sweep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "Remove what runs that died have left: folders, kind clusters and namespaces; never those of a live run."
    parser = commands.add_parser("sweep", help=text, description=text)
    parser.add_argument("--context", default="", help="sweep the cluster of this context")
    parser.add_argument("--kubeconfig", default="", help="sweep the cluster of this kubeconfig")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--run", dest="run_id", default="", metavar="ID", help="only this run, also when it may still live elsewhere"
    )
    which.add_argument("--all", action="store_true", help="every run that does not live on this machine")
    parser.set_defaults(run=_sweep)


def _sweep(given: argparse.Namespace) -> int:
    from pytest_k8snet.leftovers import Wanted, sweep_cluster, sweep_machine
    from pytest_k8snet.standing import is_gone

    wanted = Wanted(given.run_id, given.all)
    failed = sweep_machine(wanted, _say)
    kubeconfig = given.kubeconfig or os.environ.get("KUBECONFIG", "")
    if (kubeconfig or given.context) and not is_gone(kubeconfig):
        failed += sweep_cluster(kubeconfig or os.path.expanduser("~/.kube/config"), given.context, wanted, _say)
    return 1 if failed else 0


def _add_checks(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "List every check: id, level, what must hold, the clause that it comes from and the faults that it catches."
    parser = commands.add_parser("checks", help=text, description=text)
    parser.set_defaults(run=_checks)


def _checks(given: argparse.Namespace) -> int:
    from pytest_k8snet.catalogue import as_markdown

    _say(as_markdown())
    return 0
