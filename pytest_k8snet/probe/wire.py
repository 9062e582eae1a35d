"""Probes and observations as the agent speaks of them."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from pytest_k8snet.errors import AgentLost
from pytest_k8snet.probe.facts import Facts
from pytest_k8snet.probe.observation import Observation, Probe
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.processors import Processor

T = TypeVar("T")


def request(probes: Sequence[Probe], patience: Patience) -> dict[str, object]:
    """Return the request for probes of one source."""
    questions = [_question(probe) for probe in probes]
    return {"op": "probe", "timeout": patience.timeout, "attempts": patience.attempts, "probes": questions}


def _question(probe: Probe) -> dict[str, object]:
    question: dict[str, object] = {"address": probe.address, "port": probe.port, "protocol": probe.protocol.value}
    data = base64.b64encode(probe.data).decode()
    options = {"size": probe.size, "df": probe.dont_fragment, "bare": probe.bare, "data": data, "until": probe.until}
    options["one_way"] = probe.one_way
    return question | {name: value for name, value in options.items() if value}


def observations(answer: Mapping[str, Any], probes: Sequence[Probe]) -> list[Observation]:
    """Read the answer to ``request``. Raises AgentLost when it is none."""
    try:
        results = answer.get("results")
        if isinstance(results, msgspec.Raw):
            found = msgspec.json.decode(results, type=list[Observation])
        else:
            found = msgspec.convert(results, list[Observation])
    except msgspec.MsgspecError as error:
        raise AgentLost(f"the agent's answer cannot be read: {error}", hint=_HINT) from error
    if len(found) != len(probes):
        raise AgentLost(f"the agent answered {len(found)} of {len(probes)} probes", hint=_HINT)
    return found


def facts(answer: Mapping[str, Any]) -> Facts:
    """Read the answer to the request for facts. Raises AgentLost when it is none."""
    return _converted(answer, Facts, "facts")


def processors(answer: Mapping[str, Any]) -> dict[str, Processor]:
    """Read the answer to the request for processors. Raises AgentLost when it is none."""
    return _converted(answer.get("processors"), dict[str, Processor], "processors")


def _converted(value: object, kind: type[T], what: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise AgentLost(f"the agent's {what} cannot be read: {error}", hint=_HINT) from error


_HINT = "Another version of the agent may run in the pod: the ConfigMap and this program must be of one release."
