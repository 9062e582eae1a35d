"""``python3 -m agent serve --port N`` is a probe pod's main process, ``python3 -m agent probe`` is exec'd in it."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from .capabilities import sctp_kind
from .ending import ended_on_request
from .identity import Identity
from .limits import raise_open_files
from .ports import Ports
from .requests import answer_requests


async def _serve(ports: list[int]) -> None:
    raise_open_files()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # As process 1 of a container it would not be ended by either without a handler.
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    identity = Identity()
    served = Ports(identity, sctp_kind())
    for port in ports:
        for protocol in served.protocols:
            await served.open(protocol, port)
    await ended_on_request(ports[0], stopped.set)
    sys.stdout.write(f"{identity.pod} ({identity.instance}) serves {', '.join(served.protocols)} on {ports}\n")
    sys.stdout.flush()
    await stopped.wait()


def main() -> None:
    """Run the role that the command line names."""
    parser = argparse.ArgumentParser(prog="agent", description=__doc__)
    roles = parser.add_subparsers(dest="role", required=True)
    serve = roles.add_parser("serve", help="answer probes")
    serve.add_argument("--port", type=int, action="append", required=True, help="may be given several times")
    roles.add_parser("probe", help="make probes: JSON lines on standard input and output")
    arguments = parser.parse_args()
    try:
        asyncio.run(_serve(arguments.port) if arguments.role == "serve" else answer_requests())
    except OSError as error:
        sys.exit(f"agent: {error}")


if __name__ == "__main__":
    main()
