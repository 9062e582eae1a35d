"""Asks whole tables of probes: one message to each source pod, then again until they come true and stay so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, TypeVar

from pytest_k8snet.errors import AgentLost, AgentRefused, ApiError, NoVerdict
from pytest_k8snet.kube.ioloop import IoLoop
from pytest_k8snet.probe import wire
from pytest_k8snet.probe.beginning import Beginning
from pytest_k8snet.probe.controls import unproved
from pytest_k8snet.probe.course import Course
from pytest_k8snet.probe.facts import Facts
from pytest_k8snet.probe.journals import Journal, journal
from pytest_k8snet.probe.observation import Expectation, Observation, Outcome, Pod, Probe
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.processors import Processors
from pytest_k8snet.probe.table import TruthTable

T = TypeVar("T")

# The API's refusals that waiting does not change; a container that restarts is a 400.
LOST_FOR_GOOD = {401, 403, 404}


class Channel(Protocol):
    """The way to an agent: ``kube.channel.AgentChannel``."""

    async def call(self, request: Mapping[str, object], seconds: float, *, again: bool = True) -> dict[str, Any]:
        """Send a request and return its answer. Raises NoVerdict when none comes."""


class Prober:
    """Calls give a truth table for an expectation; ``observe`` asks once and judges nothing."""

    def __init__(self, channels: Callable[[Pod], Channel], loop: IoLoop, patience: Patience) -> None:
        self._channels = channels
        self._loop = loop
        self.patience = patience

    def __call__(self, expectation: Expectation) -> TruthTable:
        """Probe a table until it comes true or its time is over, then see that it stays so.

        Raises:
            ValueError: the expectation asks nothing, or has negatives without their positive controls.
            NoVerdict: some probes could not be made, so that nothing can be said about the network.

        """
        return self._course(expectation).run()

    def once(self, expectation: Expectation) -> TruthTable:
        """Probe until each cell has come true once, or its time is over; none has to stay so.

        For what is to be waited for and not judged. Raises as a call does.
        """
        return self._course(expectation, once=True).run()

    def _course(self, expectation: Expectation, *, once: bool = False) -> Course:
        if not expectation.cells:
            raise ValueError(f"the expectation {expectation.title!r} asks nothing, so everything would fulfil it")
        if missing := unproved(expectation):
            raise ValueError(f"the expectation {expectation.title!r} would prove nothing:\n" + "\n".join(missing))
        return Course(expectation, self.observe, self.patience, once=once)

    def with_patience(self, patience: Patience) -> Prober:
        """Return a prober over the same streams that waits otherwise."""
        return Prober(self._channels, self._loop, patience)

    def observe(self, probes: Collection[Probe], patience: Patience | None = None) -> dict[Probe, Observation]:
        """Make all probes at once and return what each saw; those of a lost agent saw PROBE_ERROR.

        Raises AgentLost when an agent is lost for good, because its pod is gone or the API refuses us.
        """
        by_source: dict[Pod, list[Probe]] = {}
        for probe in probes:
            by_source.setdefault(probe.source, []).append(probe)

        async def ask() -> list[dict[Probe, Observation]]:
            asking = (self._observe_from(pod, asked, patience or self.patience) for pod, asked in by_source.items())
            return await asyncio.gather(*asking)

        answers = self._loop.run(ask())
        seen = {probe: observation for answer in answers for probe, observation in answer.items()}
        return {probe: seen[probe] for probe in probes}

    def facts(self, pods: Collection[Pod]) -> dict[Pod, Facts]:
        """Return each pod's own view of its network. Raises NoVerdict when an agent does not answer."""
        return self._ask_each(pods, {"op": "facts"}, wire.facts)

    def processors(self, pods: Collection[Pod]) -> dict[Pod, Processors]:
        """Return how the processors of each pod's node have spent their time. Raises NoVerdict as ``facts`` does."""
        return self._ask_each(pods, {"op": "processors"}, wire.processors)

    def from_the_start(self, expectation: Expectation, servers: Collection[Pod]) -> TruthTable:
        """Judge what pods asked by themselves since they were started, by their journals and those of the servers.

        Raises:
            ValueError: the expectation has negatives without their positive controls.
            NoVerdict: a pod did not ask, or does not answer.

        """
        return Beginning(expectation, servers, self._journals, self.patience).table()

    def _journals(self, pods: Collection[Pod]) -> dict[Pod, Journal]:
        return {pod: self._journal(pod) for pod in pods}

    def _journal(self, pod: Pod) -> Journal:
        try:
            return journal(self.ask(pod, {"op": "journal", "port": pod.port}))
        except AgentRefused as error:
            if error.errno != "ECONNREFUSED":
                raise
            return Journal()  # a pod is Ready when its container runs; its agent may not be so far yet

    def hello(self, pods: Collection[Pod]) -> dict[Pod, Mapping[str, Any]]:
        """Return each agent's version, Python and capabilities. Raises NoVerdict when one does not answer."""
        return self._ask_each(pods, {"op": "hello"}, dict)

    def ask(self, pod: Pod, request: Mapping[str, object], *, again: bool = True) -> dict[str, Any]:
        """Send any request to one pod's agent; with ``again`` once more when the stream is lost before the answer.

        Raises NoVerdict when it does not answer, or refuses.
        """
        return self._ask_each([pod], request, dict, again=again)[pod]

    def _ask_each(
        self,
        pods: Collection[Pod],
        request: Mapping[str, object],
        read: Callable[[Mapping[str, Any]], T],
        *,
        again: bool = True,
    ) -> dict[Pod, T]:
        async def ask() -> list[dict[str, Any] | BaseException]:
            calls = [self._channels(pod).call(request, self.patience.agent, again=again) for pod in pods]
            return await asyncio.gather(*calls, return_exceptions=True)

        found = {}
        for pod, answer in zip(pods, self._loop.run(ask()), strict=True):
            if isinstance(answer, AgentRefused):
                message = f"pod {pod.namespace}/{pod.name}: {answer.message}"
                raise AgentRefused(message, errno=answer.errno, hint=answer.hint) from answer
            if isinstance(answer, NoVerdict):
                raise AgentLost(f"pod {pod.namespace}/{pod.name}: {answer.message}", hint=answer.hint) from answer
            if isinstance(answer, BaseException):
                raise answer
            found[pod] = read(answer)
        return found

    async def _observe_from(self, pod: Pod, probes: list[Probe], patience: Patience) -> dict[Probe, Observation]:
        started = time.monotonic()
        try:
            seconds = patience.for_probes(len(probes))
            answer = await self._channels(pod).call(wire.request(probes, patience), seconds)
            return dict(zip(probes, wire.observations(answer, probes), strict=True))
        except NoVerdict as error:
            if isinstance(error, ApiError) and error.status in LOST_FOR_GOOD:
                raise AgentLost(f"no verdict: {error.message}", hint=error.hint) from error
            lost = Observation(Outcome.PROBE_ERROR, (time.monotonic() - started) * 1000, detail=error.message)
            return dict.fromkeys(probes, lost)
