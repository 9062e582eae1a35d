"""What iperf3 says when it cannot, in words that tell one reason from the other. Pure."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from pytest_k8snet.errors import MeasurementError


class Unreached(MeasurementError):
    """The server was not reached at all, as it may be for a moment after it, or its Service, was made."""


class NothingArrived(MeasurementError):
    """The server was reached, and of what was sent nothing had arrived when the run ended."""


@dataclass(frozen=True)
class Reason:
    """``said`` is part of what iperf3 says, ``means`` why that is, ``hint`` what to do."""

    said: str
    means: str
    hint: str = ""
    kind: type[MeasurementError] = MeasurementError


SERVER_ENDED = "Has the server ended? See the logs of its Job."
IN_LOGS = "See the logs of its Job."
NO_WAY = "See the checks of reachability: -m model."

REASONS = (
    Reason(
        "server is busy",
        "the server was busy with another client",
        "Does somebody else measure here? A client that was cut off keeps it busy for some seconds.",
    ),
    Reason(
        "Address already in use",
        "another program has the server's port",
        "Does another run measure on this node? Run them one after the other.",
    ),
    Reason("Connection refused", "nobody serves the port there", SERVER_ENDED, Unreached),
    Reason("No route to host", "there is no way to the server", NO_WAY, Unreached),
    Reason("Network is unreachable", "there is no way to the server", NO_WAY, Unreached),
    Reason(
        "timed out",
        "nothing came back from the server's port",
        "Does a NetworkPolicy or a firewall block it? See 'kubectl get networkpolicies -A'.",
        Unreached,
    ),
    Reason("control socket has closed", "the server went away in the middle", IN_LOGS),
    Reason("server has terminated", "the server went away in the middle", IN_LOGS),
    Reason("control message", "the connection to the server broke off", IN_LOGS),
    Reason("Connection reset", "the connection to the server was cut", IN_LOGS),
    Reason("Broken pipe", "the connection to the server was cut", IN_LOGS),
    Reason("unable to connect stream", "the server was reached, but no stream to it could be opened"),
    Reason("client has terminated", "it was ended before it was done"),
    Reason("option", "this iperf3 does not know what it was asked for", "Use an image with iperf3 3.9 or newer."),
)


def explain(said: str) -> MeasurementError:
    """Return the error for what stands under ``error`` in iperf3's JSON."""
    for reason in REASONS:
        if reason.said.lower() in said.lower():
            return reason.kind(f"{reason.means} (iperf3: {said})", hint=reason.hint)
    return MeasurementError(f"iperf3 could not measure: {said}")


def killed(number: int) -> MeasurementError:
    """Return the error for an iperf3 that a signal has ended."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return MeasurementError(
        f"the client's iperf3 was killed in the middle ({name})",
        hint="SIGKILL may mean that its memory was used up: see 'kubectl describe pod'.",
    )
