"""``python3 -m agent serve --port N`` is a probe pod's main process, ``python3 -m agent probe`` is exec'd in it."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from typing import Any

from .asking import Asking
from .capabilities import sctp_kind
from .identity import Identity
from .limits import concurrent_probes, raise_open_files
from .main_process import answer_inside
from .ports import Ports
from .probes import Runner
from .requests import answer_requests
from .target import Question


async def _serve(ports: list[int], first_words: list[Question], call_back: int) -> None:
    asking = Asking(Runner(concurrent_probes(raise_open_files()), ""))
    for question in first_words:
        asking.again_and_again(question)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # As process 1 of a container it would not be ended by either without a handler.
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    identity = Identity()
    served = Ports(identity, sctp_kind())
    if call_back:
        served.journal.arrived = lambda protocol, source: asking.once(Question(source, call_back, protocol))
    for port in ports:
        for protocol in served.protocols:
            await served.open(protocol, port)
    await answer_inside(ports[0], stopped.set, lambda: _journal(served, asking))
    sys.stdout.write(f"{identity.pod} ({identity.instance}) serves {', '.join(served.protocols)} on {ports}\n")
    sys.stdout.flush()
    await stopped.wait()


def _journal(served: Ports, asking: Asking) -> dict[str, Any]:
    return {"clients": served.journal.clients(), "asked": asking.accounts()}


def _first_word(text: str) -> Question:
    protocol, address, port = text.split(",")
    return Question(address, int(port), protocol)


def main() -> None:
    """Run the role that the command line names."""
    parser = argparse.ArgumentParser(prog="agent", description=__doc__)
    roles = parser.add_subparsers(dest="role", required=True)
    serve = roles.add_parser("serve", help="answer probes")
    serve.add_argument("--port", type=int, action="append", required=True, help="may be given several times")
    serve.add_argument(
        "--first-word",
        type=_first_word,
        action="append",
        default=[],
        metavar="PROTOCOL,ADDRESS,PORT",
        help="ask this again and again, from the first instruction on; may be given several times",
    )
    serve.add_argument("--call-back", type=int, default=0, metavar="PORT", help="ask whoever comes, at once")
    roles.add_parser("probe", help="make probes: JSON lines on standard input and output")
    arguments = parser.parse_args()
    try:
        if arguments.role == "serve":
            asyncio.run(_serve(arguments.port, arguments.first_word, arguments.call_back))
        else:
            asyncio.run(answer_requests())
    except OSError as error:
        sys.exit(f"agent: {error}")


if __name__ == "__main__":
    main()
