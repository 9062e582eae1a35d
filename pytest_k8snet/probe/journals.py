"""What agents remember of their time since their start: whom they asked by themselves, and whom they let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from pytest_k8snet.errors import AgentLost
from pytest_k8snet.probe.observation import Observation, Outcome, Pod, Probe


@dataclass(frozen=True, slots=True)
class Account:
    """What came of one question since the agent asks it. All times in seconds.

    ``first`` is when it was asked first and ``connected_after`` when an attempt that connected was made, both since the
    start of the agent's process; ``watched`` is how long ago the first was. ``outcomes`` counts the attempts.
    """

    address: str
    port: int
    protocol: str
    first: float
    watched: float
    outcomes: Mapping[str, int]
    last: Observation
    connected: Observation | None = None
    connected_after: float = 0.0

    @property
    def attempts(self) -> int:
        """The number of attempts that have ended."""
        return sum(self.outcomes.values())

    def observation(self) -> Observation:
        """Return the attempt that connected, if only one did, else the last one."""
        counted = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.outcomes.items()))
        said = f"the first attempt {self.first * 1000:.0f} ms after the start of the process; {counted}"
        if self.connected is None:
            return replace(self.last, attempts=self.attempts, detail=said)
        after = f"{(self.connected_after - self.first) * 1000:.0f} ms after the first attempt"
        return replace(self.connected, attempts=self.attempts, detail=f"connected {after}; {said}")


@dataclass(frozen=True, slots=True)
class Client:
    """A client that was let in: its address, the port it came to, and how many times it came."""

    protocol: str
    port: int
    source: str
    times: int


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of one agent."""

    asked: tuple[Account, ...] = ()
    clients: tuple[Client, ...] = ()

    def account(self, probe: Probe) -> Account | None:
        """Return the account of the question that a probe stands for, None as long as it has no outcome."""
        wanted = (probe.address, probe.port, probe.protocol.value)
        return next((one for one in self.asked if (one.address, one.port, one.protocol) == wanted), None)

    def let_in(self, source: Pod, probe: Probe) -> int:
        """Return how many times a pod came in by the port and protocol of a probe."""
        return sum(
            client.times
            for client in self.clients
            if client.source in source.addresses and (client.port, client.protocol) == (probe.port, probe.protocol)
        )


def journal(answer: Mapping[str, Any]) -> Journal:
    """Read the answer to the request for a journal. Raises AgentLost when it is none."""
    try:
        asked = tuple(_account(fields) for fields in answer["asked"] if fields["outcomes"])
        return Journal(asked, msgspec.convert(answer["clients"], tuple[Client, ...]))
    except (msgspec.ValidationError, KeyError) as error:
        raise AgentLost(f"the agent's journal cannot be read: {error}") from error


def observed(account: Account, let_in: int) -> Observation:
    """Return what an account says, told by what the server says of how many times it ``let_in`` that client."""
    seen = account.observation()
    if let_in and seen.outcome is Outcome.TIMEOUT:
        return replace(seen, handshake=True, detail=f"{seen.detail}; the server let the client in {let_in} times")
    return seen


def _account(fields: Mapping[str, Any]) -> Account:
    connected = dict(fields["connected"])
    read = {
        **fields,
        "connected": connected or None,
        "connected_after": connected.pop("after", 0.0),
    }
    return msgspec.convert(read, Account)
