"""One pod on its node: from the assignment to its removal."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from pytest_k8snet.embedded.api.objects import Obj, lookup, name_of, namespace_of
from pytest_k8snet.embedded.container.client import StartError
from pytest_k8snet.embedded.container.spec import Command
from pytest_k8snet.embedded.kubelet.container import Container
from pytest_k8snet.embedded.kubelet.environment import ConfigError, build_command
from pytest_k8snet.embedded.kubelet.images import image_problem
from pytest_k8snet.embedded.kubelet.probes import Prober, watch_probe
from pytest_k8snet.embedded.kubelet.restart import Backoff, restarts
from pytest_k8snet.embedded.kubelet.sandbox import Sandbox
from pytest_k8snet.embedded.kubelet.services import Services
from pytest_k8snet.embedded.kubelet.status import PodFacts, build_status
from pytest_k8snet.embedded.kubelet.tasks import Tasks, uncancelled
from pytest_k8snet.embedded.kubelet.volumes import MountError
from pytest_k8snet.embedded.network.host import Host


class PodWorker:
    """Runs one pod. ``begin`` starts it, ``stop`` ends it and removes the object from the API."""

    def __init__(self, services: Services, pod: Obj, host: Host) -> None:
        self.pod = pod
        self._services = services
        self._tasks = Tasks()
        self._namespace, self._name = namespace_of(pod), name_of(pod)
        self.sandbox = Sandbox(services, pod, host)
        spec = pod["spec"]
        self._facts = PodFacts(
            host_addresses=host.addresses.all,
            containers=[self._container(entry) for entry in spec["containers"]],
            init_containers=[self._container(entry) for entry in spec.get("initContainers") or ()],
        )
        self._stopping = False
        self._main: asyncio.Task[Any] | None = None

    @property
    def stopping(self) -> bool:
        """Whether the pod is being ended."""
        return self._stopping

    def container(self, name: str) -> Container | None:
        """A container of the pod by name."""
        every = (*self._facts.containers, *self._facts.init_containers)
        return next((container for container in every if container.name == name), None)

    def begin(self) -> None:
        """Start the pod in the background."""
        self._main = self._tasks.start(self._run())

    async def stop(self, grace: float) -> None:
        """End all containers within ``grace`` seconds, take the network away and remove the pod from the API."""
        self._stopping = True
        if self._main is not None:
            self._main.cancel()
            await asyncio.wait([self._main])
        for container in self._facts.containers:
            if container.running is not None:
                self._event("Killing", f"Stopping container {container.name}", container=container)
        every = (*self._facts.init_containers, *self._facts.containers)
        await asyncio.gather(*(container.stop(grace) for container in every))
        self._tasks.cancel()
        await self.sandbox.remove()
        current = self._services.store.get("pods", self._name, self._namespace)
        if current is not None and current["metadata"]["uid"] == self.pod["metadata"]["uid"]:
            self._services.store.remove("pods", self._name, self._namespace)

    def publish(self) -> None:
        """Write the pod's status into the API."""
        current = self._services.store.get("pods", self._name, self._namespace)
        if current is not None and current["metadata"]["uid"] == self.pod["metadata"]["uid"]:
            status = build_status(current, self._facts)
            self.pod = self._services.store.set_status("pods", self._name, self._namespace, status)

    async def _run(self) -> None:
        self.publish()
        await self._images()
        await self._volumes()
        await uncancelled(self.sandbox.connect())
        self._facts.addresses = self.sandbox.addresses
        self.publish()
        if await self._run_init_containers():
            self._facts.initialized = True
            self.publish()
            await asyncio.gather(*(self._supervise(container) for container in self._facts.containers))
        self._facts.finished = True
        self.publish()
        await uncancelled(self.sandbox.disconnect())

    async def _images(self) -> None:
        """Wait for ever when there is an image that no registry would have."""
        bad = []
        for container in (*self._facts.init_containers, *self._facts.containers):
            if problem := image_problem(container.spec.get("image", "")):
                self._event("Failed", problem, container=container, warning=True)
                self._event("Failed", "Error: ErrImagePull", container=container, warning=True)
                container.wait_for("ErrImagePull", problem)
                bad.append(container)
        pause = 0.2
        while bad:
            await asyncio.sleep(pause)
            for container in bad:
                back_off = f'Back-off pulling image "{container.spec.get("image", "")}"'
                self._event("BackOff", back_off, container=container)
                container.wait_for("ImagePullBackOff", back_off)
            pause = min(pause * 4, 300.0)

    async def _volumes(self) -> None:
        while True:
            try:
                self.sandbox.make_volumes(self.pod, self._lookup)
            except (MountError, ConfigError) as error:
                self._event("FailedMount", f"MountVolume.SetUp failed: {error}", warning=True)
                await self._services.config_changed.wait()
            else:
                return

    async def _run_init_containers(self) -> bool:
        for container in self._facts.containers if self._facts.init_containers else ():
            container.wait_for("PodInitializing")
        for container in self._facts.init_containers:
            if await self._supervise(container, init=True) != 0:
                return False
        return True

    async def _supervise(self, container: Container, *, init: bool = False) -> int:
        """Run a container, again and again if the restart policy says so; return the last exit code."""
        policy = self.pod["spec"].get("restartPolicy") or "Always"
        backoff = Backoff()
        while True:
            began = asyncio.get_running_loop().time()
            code = await self._run_once(container)
            if not restarts(policy, code, init=init):
                return code
            if pause := backoff.next(asyncio.get_running_loop().time() - began):
                message = f"back-off {pause:g}s restarting failed container={container.name} pod={self._name}"
                container.wait_for("CrashLoopBackOff", message)
                self._event("BackOff", message, container=container, warning=True)
                await asyncio.sleep(pause)
            container.restarts += 1

    async def _run_once(self, container: Container) -> int:
        command = await self._command(container)
        root = self.sandbox.root_for(container.spec)
        probes = Tasks()

        def started() -> None:
            self._event("Created", f"Created container: {container.name}", container=container)
            self._event("Started", f"Started container {container.name}", container=container)
            self._start_probes(container, probes)

        try:
            code = await container.run(command, root, self.sandbox.netns.descriptor, started)
        finally:
            probes.cancel()
        if why := lookup(container.state, "terminated", "message"):
            self._event("Failed", f"Error: {why}", container=container, warning=True)
        return code

    async def _command(self, container: Container) -> Command:
        while True:
            try:
                self._event(
                    "Pulled",
                    f'Container image "{container.spec.get("image")}" already present on machine',
                    container=container,
                )
                return build_command(self.pod, container.spec, self.sandbox.hostname, self._lookup)
            except ConfigError as error:
                container.wait_for("CreateContainerConfigError", str(error))
                self._event("Failed", f"Error: {error}", container=container, warning=True)
                await self._services.config_changed.wait()

    def _start_probes(self, container: Container, tasks: Tasks) -> None:
        if not self.sandbox.addresses:
            return
        prober = Prober(
            container.spec,
            self.sandbox.host.netns,
            self.sandbox.addresses[0],
            lambda argv: self._run_inside(container, argv),
        )

        def unhealthy(kind: str, why: str) -> None:
            self._event("Unhealthy", f"{kind} probe failed: {why}", container=container, warning=True)

        def liveness(alive: bool) -> None:
            if not alive and container.running is not None:
                message = f"Container {container.name} failed liveness probe, will be restarted"
                self._event("Killing", message, container=container)
                self._tasks.start(container.stop(self.grace))

        readiness_probe = container.spec.get("readinessProbe")
        if readiness_probe is None:
            container.set_ready(True)
        else:
            tasks.start(
                watch_probe(prober, readiness_probe, container.set_ready, lambda why: unhealthy("Readiness", why))
            )
        if liveness_probe := container.spec.get("livenessProbe"):
            tasks.start(watch_probe(prober, liveness_probe, liveness, lambda why: unhealthy("Liveness", why)))

    @property
    def grace(self) -> float:
        """The pod's own terminationGracePeriodSeconds."""
        seconds = self.pod["spec"].get("terminationGracePeriodSeconds")
        return 30.0 if seconds is None else float(seconds)

    async def _run_inside(self, container: Container, argv: list[str]) -> int:
        if container.running is None:
            return 1
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        try:
            command = self.command_inside(container, argv)
            inside = await self._services.zygote.start_inside(container.running, command, (null, null, null))
        except StartError:
            return 1
        finally:
            os.close(null)
        return await asyncio.shield(inside.ended)

    def command_inside(self, container: Container, argv: list[str], *, terminal: bool = False) -> Command:
        """A command as it would run in a container: with its environment and working directory."""
        main = build_command(self.pod, {**container.spec, "command": ["-"]}, self.sandbox.hostname, self._lookup)
        env = {**main.env, "TERM": "xterm"} if terminal else main.env
        return Command(tuple(argv), env, main.cwd, terminal)

    def _container(self, spec: Obj) -> Container:
        return Container(spec, self._services.zygote, self._tasks, self.publish)

    def _lookup(self, plural: str, name: str) -> Obj | None:
        return self._services.store.get(plural, name, self._namespace)

    def _event(self, reason: str, message: str, *, container: Container | None = None, warning: bool = False) -> None:
        field = f"spec.containers{{{container.name}}}" if container else ""
        self._services.events.record(self.pod, reason, message, warning=warning, field=field)
