"""``python -m tests.comparison record|compare|docs``: what people do with the scenario.

record    run it on the cluster of --kubeconfig and --context and keep the outcomes (``golden/``)
compare   run it on an embedded cluster and print what differs from the outcomes that are kept
docs      write the page of allowed differences
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pytest_k8snet.embedded import launch
from tests.comparison import document, recorded, steps
from tests.comparison.clusters import Cluster
from tests.comparison.differences import compare, load, shown, verdict
from tests.comparison.runner import run
from tests.comparison.shape import LIKE_THE_REAL_ONE


def main(arguments: Sequence[str]) -> int:
    """Do what is asked. Return 1 when a comparison found what is not allowed."""
    parser = argparse.ArgumentParser("python -m tests.comparison", description=__doc__)
    parser.add_argument("action", choices=["record", "compare", "docs"])
    parser.add_argument("--kubeconfig", default=os.environ.get("KUBECONFIG", ""))
    parser.add_argument("--context", default="")
    parser.add_argument("--image", default="lab/probe:latest", help="an image with sh and python3")
    parser.add_argument("--only", action="append", help="a chapter; several times for several")
    parser.add_argument("--all", action="store_true", help="print allowed differences as well")
    options = parser.parse_args(arguments)
    if options.action == "docs":
        document.PAGE.write_text(document.page())
        return 0
    return _record(options) if options.action == "record" else _compare(options)


def _chapters(options: argparse.Namespace) -> list[steps.Chapter]:
    return [chapter for chapter in steps.load() if not options.only or chapter.name in options.only]


def _record(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        cluster = Cluster(options.kubeconfig, options.context, options.image, Path(scratch))
        recorded.write(recorded.read() | run(cluster, _chapters(options)), cluster.version())
        cluster.close()
    return 0


def _compare(options: argparse.Namespace) -> int:
    chapters = _chapters(options)
    with tempfile.TemporaryDirectory() as scratch, launch(LIKE_THE_REAL_ONE, Path(scratch, "run")) as running:
        cluster = Cluster(str(running.kubeconfig), "", options.image, Path(scratch))
        found = compare(
            {chapter.name: recorded.read().get(chapter.name, {}) for chapter in chapters}, run(cluster, chapters)
        )
        cluster.close()
    allowed = [] if options.all or options.only else load()
    told = shown(found) if options.all else verdict(found, allowed)
    print(told or "no difference that is not allowed")  # noqa: T201
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
