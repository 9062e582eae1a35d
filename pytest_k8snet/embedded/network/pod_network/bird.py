"""BIRD, the routing daemon: one process for a node, and its configuration."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pytest_k8snet.embedded.network.netns import TOOL_PATH, NetNs

AUTONOMOUS_SYSTEM = 64512
"""A private one; all nodes are in it."""


@dataclass(frozen=True)
class Peer:
    """Another node. Routes that it tells are taken when it is ``accepted``. ``addresses`` are (IP version, address)."""

    number: int
    addresses: tuple[tuple[int, str], ...]
    accepted: bool = True


@dataclass(frozen=True)
class Speaker:
    """What the BIRD of one node has to do: tell ``pod_cidrs``, one for each of its addresses, to all peers."""

    number: int
    addresses: tuple[tuple[int, str], ...]
    pod_cidrs: tuple[str, ...]
    peers: tuple[Peer, ...]

    def configuration(self) -> str:
        """Return the text of bird.conf, for BIRD 2."""
        own = zip(self.addresses, self.pod_cidrs, strict=True)
        parts = [
            # An identifier, not an address: a cluster may have no IPv4.
            f"router id 10.200.0.{self.number};",
            "protocol device {}",
            *(_origin(version, cidr) for (version, _), cidr in own),
            *(
                _session(self.number, peer, version, address)
                for peer in self.peers
                for version, address in peer.addresses
            ),
        ]
        return "\n".join(parts) + "\n"


def _origin(version: int, cidr: str) -> str:
    """The node's own range, which is only told, and what was learned, which goes to the kernel."""
    return (
        f"protocol static pods{version} {{ ipv{version}; route {cidr} unreachable; }}\n"
        f"protocol kernel kernel{version} {{ ipv{version} {{ import none; export where source = RTS_BGP; }}; }}"
    )


def _session(here: int, peer: Peer, version: int, address: str) -> str:
    # Who has the smaller number waits: two that call each other at once would hang up and try again.
    calls = "passive; " if here < peer.number else ""
    takes = "all" if peer.accepted else "none"
    return (
        f"protocol bgp node{peer.number}v{version} {{\n"
        f"  local as {AUTONOMOUS_SYSTEM}; neighbor {address} as {AUTONOMOUS_SYSTEM}; direct; {calls}\n"
        "  connect delay time 0; connect retry time 1; error wait time 1, 2;\n"
        f"  ipv{version} {{ import {takes}; export where source = RTS_STATIC; next hop self; }};\n"
        "}"
    )


class Bird:
    """The process. It ends with the cluster's PID namespace; ``folder`` has its configuration, socket and log."""

    def __init__(self, netns: NetNs, folder: Path) -> None:
        self._netns = netns
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, speaker: Speaker) -> None:
        """Start it in the node's namespace."""
        self._folder.mkdir()
        self._configure(speaker)
        # -P: it would write its process id to a place of the machine.
        argv = ["bird", "-f", "-c", "bird.conf", "-s", "bird.ctl", "-P", "bird.pid"]

        def begin() -> subprocess.Popen[bytes]:
            with (self._folder / "log").open("wb") as log:
                return subprocess.Popen(
                    argv,
                    cwd=self._folder,
                    env={"PATH": TOOL_PATH},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )

        self._process = await self._netns.run(begin)

    async def change(self, speaker: Speaker) -> None:
        """Have it read another configuration; sessions that stay the same go on."""
        assert self._process is not None
        self._configure(speaker)
        os.kill(self._process.pid, signal.SIGHUP)

    def last_words(self) -> str:
        """Return the end of what it has written."""
        return (self._folder / "log").read_text(errors="replace")[-500:].strip() or "nothing"

    def _configure(self, speaker: Speaker) -> None:
        (self._folder / "bird.conf").write_text(speaker.configuration())
