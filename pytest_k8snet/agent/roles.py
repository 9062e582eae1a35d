"""The two roles: the main process of a probe pod, and what is exec'd in it."""

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
from .opening import OPTION, Opening
from .ports import Ports
from .probes import Runner
from .requests import answer_requests
from .target import Question


async def _serve(opening: Opening, ports: list[int], call_back: int, drain: float) -> None:
    asking = Asking(Runner(concurrent_probes(raise_open_files()), ""))
    asking.go_on(opening)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # As process 1 of a container it would not be ended by either without a handler.
        asyncio.get_running_loop().add_signal_handler(number, _end_in, drain, stopped)
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


def _end_in(seconds: float, stopped: asyncio.Event) -> None:
    asyncio.get_running_loop().call_later(seconds, stopped.set)


def _journal(served: Ports, asking: Asking) -> dict[str, Any]:
    return {"clients": served.journal.clients(), "asked": asking.accounts()}


def run(opening: Opening) -> None:
    """Run the role that the command line names; ``opening`` has begun to say its first words."""
    parser = argparse.ArgumentParser(prog="agent", description="Answers probes, or makes them.")
    roles = parser.add_subparsers(dest="role", required=True)
    serve = roles.add_parser("serve", help="answer probes")
    serve.add_argument("--port", type=int, action="append", required=True, help="may be given several times")
    serve.add_argument(
        OPTION,
        action="append",
        metavar="PROTOCOL,ADDRESS,PORT",
        help="ask this again and again, from the first instruction on; may be given several times",
    )
    serve.add_argument("--call-back", type=int, default=0, metavar="PORT", help="ask whoever comes, at once")
    serve.add_argument("--drain", type=float, default=0, metavar="SECONDS", help="go on so long after SIGTERM")
    roles.add_parser("probe", help="make probes: JSON lines on standard input and output")
    arguments = parser.parse_args()
    try:
        if arguments.role == "serve":
            asyncio.run(_serve(opening, arguments.port, arguments.call_back, arguments.drain))
        else:
            asyncio.run(answer_requests())
    except OSError as error:
        sys.exit(f"agent: {error}")
