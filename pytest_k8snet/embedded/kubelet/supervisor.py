"""Runs one container as often as its restart policy says, with its probes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.container.client import StartError
from pytest_k8snet.embedded.container.spec import Command
from pytest_k8snet.embedded.kubelet.container import Container
from pytest_k8snet.embedded.kubelet.environment import ConfigError, build_command
from pytest_k8snet.embedded.kubelet.probes import Prober, watch_probe
from pytest_k8snet.embedded.kubelet.restart import Backoff, restarts
from pytest_k8snet.embedded.kubelet.sandbox import Sandbox
from pytest_k8snet.embedded.kubelet.services import Services
from pytest_k8snet.embedded.kubelet.tasks import Tasks, uncancelled

LONGEST_OUTPUT = 10_240
"""The bytes of a probe's output that an event shows."""


class Owner(Protocol):
    """The pod as its supervisors see it."""

    services: Services
    sandbox: Sandbox
    tasks: Tasks

    @property
    def pod(self) -> Obj:
        """The object as the API has it."""
        ...

    @property
    def grace(self) -> float:
        """Seconds that a container gets to end."""
        ...

    def lookup(self, plural: str, name: str) -> Obj | None:
        """An object of the pod's namespace."""
        ...

    def service_links(self) -> dict[str, str]:
        """The variables of the Services that the pod's containers find."""
        ...

    def refresh(self) -> None:
        """Tell the API what addresses the pod has now."""
        ...

    def event(self, reason: str, message: str, *, container: Container | None = None, warning: bool = False) -> None:
        """Tell what happened."""
        ...


class Supervisor:
    """Runs ``container`` of the pod ``owner``."""

    def __init__(self, owner: Owner, container: Container, *, init: bool = False) -> None:
        self._owner = owner
        self._container = container
        self._init = init

    async def run(self) -> int:
        """Run the container, again and again if the restart policy says so; return the last exit code."""
        policy = self._owner.pod["spec"].get("restartPolicy") or "Always"
        clock = asyncio.get_running_loop().time
        backoff = Backoff()
        while True:
            began = clock()
            code = await self._run_once()
            if not restarts(policy, code, init=self._init):
                return code
            if pause := backoff.next(clock() - began):
                await self._hold_back(pause)
            self._container.restarts += 1
            if not self._owner.services.behaviour.keep_address_on_restart:
                await uncancelled(self._owner.sandbox.change_address())
                self._owner.refresh()

    async def _hold_back(self, pause: float) -> None:
        name, pod = self._container.name, full_name(self._owner.pod)
        message = f"back-off {pause:g}s restarting failed container={name} pod={pod}"
        self._container.wait_for("CrashLoopBackOff", message)
        self._event("BackOff", f"Back-off restarting failed container {name} in pod {pod}", warning=True)
        await asyncio.sleep(pause)

    async def _run_once(self) -> int:
        command = await self._command()
        root = self._owner.sandbox.root_for(self._container.spec)
        netns, address = await self._owner.sandbox.network_of(self._container.name)
        probes = Tasks()

        self._event("Created", f"Created container: {self._container.name}")

        def started() -> None:
            self._event("Started", f"Started container {self._container.name}")
            self._start_probes(probes, address)

        try:
            words = self._owner.sandbox.last_words(self._container.spec)
            code = await self._container.run(command, root, netns.descriptor, started, words)
        finally:
            probes.cancel()
        ended = self._container.state.get("terminated") or {}
        if ended.get("reason") == "StartError" and (why := ended.get("message")):
            self._event("Failed", f"Error: {why}", warning=True)
        return code

    async def _command(self) -> Command:
        """Wait until everything that the container refers to is there."""
        image = self._container.spec.get("image")
        self._event("Pulled", f'Container image "{image}" already present on machine')
        while True:
            try:
                owner = self._owner
                return build_command(
                    owner.pod, self._container.spec, owner.sandbox.hostname, owner.lookup, owner.service_links()
                )
            except ConfigError as error:
                self._container.wait_for("CreateContainerConfigError", str(error))
                self._event("Failed", f"Error: {error}", warning=True)
                await self._owner.services.config_changed.wait()

    def _start_probes(self, tasks: Tasks, address: str) -> None:
        prober = Prober(self._container.spec, self._owner.sandbox.host.netns, address, self._run_inside)
        if self._container.spec.get("startupProbe"):

            def started_up(verdict: bool) -> None:
                if not verdict:
                    self._end_unhealthy("startup")
                elif not self._container.started_up:
                    self._container.set_started_up()
                    startup.cancel()
                    self._watch_health(tasks, prober)

            startup = tasks.start(self._watch(prober, "startup", started_up))
        else:
            self._watch_health(tasks, prober)

    def _watch_health(self, tasks: Tasks, prober: Prober) -> None:
        """Begin with the probes that wait until the container has started up."""

        def alive(verdict: bool) -> None:
            if not verdict:
                self._end_unhealthy("liveness")

        if self._container.spec.get("readinessProbe"):
            tasks.start(self._watch(prober, "readiness", self._container.set_ready))
        else:
            self._container.set_ready(True)
        if self._container.spec.get("livenessProbe"):
            tasks.start(self._watch(prober, "liveness", alive))

    def _watch(self, prober: Prober, kind: str, report: Callable[[bool], None]) -> Coroutine[Any, Any, None]:
        def failed(why: str) -> None:
            self._event("Unhealthy", f"{kind.capitalize()} probe {why}", warning=True)

        probe = self._container.spec[f"{kind}Probe"]
        return watch_probe(prober, probe, report, failed, quick=kind != "liveness")

    def _end_unhealthy(self, kind: str) -> None:
        if self._container.running is not None:
            self._event("Killing", f"Container {self._container.name} failed {kind} probe, will be restarted")
            self._owner.tasks.start(self._container.stop(self._owner.grace))

    async def _run_inside(self, argv: list[str]) -> tuple[int, str]:
        """Run a command in the container; return its exit code and the beginning of its output."""
        if self._container.running is None:
            return 1, "the container does not run"
        command = self._container.inside(argv)
        null, output = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC), os.memfd_create("probe")
        try:
            zygote = self._owner.services.zygote
            inside = await zygote.start_inside(self._container.running, command, (null, output, output))
            code = await asyncio.shield(inside.ended)
            return code, os.pread(output, LONGEST_OUTPUT, 0).decode(errors="replace")
        except StartError as error:
            return 1, str(error)
        finally:
            os.close(null)
            os.close(output)

    def _event(self, reason: str, message: str, *, warning: bool = False) -> None:
        self._owner.event(reason, message, container=self._container, warning=warning)


def full_name(pod: Obj) -> str:
    """Return a pod's name as a kubelet writes it into messages."""
    metadata = pod["metadata"]
    return f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
