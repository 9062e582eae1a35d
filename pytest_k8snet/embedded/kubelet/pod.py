"""One pod on its node: from the assignment to its removal."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from pytest_k8snet.embedded.api.objects import Obj, name_of, namespace_of
from pytest_k8snet.embedded.kubelet.container import Container
from pytest_k8snet.embedded.kubelet.images import image_problem, never_there
from pytest_k8snet.embedded.kubelet.sandbox import Sandbox
from pytest_k8snet.embedded.kubelet.service_links import service_links
from pytest_k8snet.embedded.kubelet.services import Services
from pytest_k8snet.embedded.kubelet.status import OVERDUE, PodFacts, build_status
from pytest_k8snet.embedded.kubelet.supervisor import Supervisor
from pytest_k8snet.embedded.kubelet.tasks import Tasks, uncancelled
from pytest_k8snet.embedded.kubelet.volumes import MountError
from pytest_k8snet.embedded.network.addresses import NoAddress
from pytest_k8snet.embedded.network.host import Host
from pytest_k8snet.embedded.network.netns import NetworkCommandError

MOST_LINKS = 50_000
"""Characters of variables about Services: with all else a container must fit into one message to the zygote."""
FIRST_PULL_PAUSE = 0.2
LONGEST_PULL_PAUSE = 300.0
FIRST_SANDBOX_PAUSE = 0.5
LONGEST_SANDBOX_PAUSE = 10.0


class PodWorker:
    """Runs one pod. ``begin`` starts it, ``stop`` ends it, and ``remove_object`` removes it from the API."""

    def __init__(self, services: Services, pod: Obj, host: Host) -> None:
        self.pod = pod
        self.services = services
        self.tasks = Tasks()
        self.sandbox = Sandbox(services, pod, host)
        self.stopping = False
        self.grace_left = math.inf
        self._namespace, self._name = namespace_of(pod), name_of(pod)
        spec = pod["spec"]
        self._facts = PodFacts(
            host_addresses=host.addresses.all,
            containers=[self._container(entry) for entry in spec["containers"]],
            init_containers=[self._container(entry) for entry in spec.get("initContainers") or ()],
        )
        self._main: asyncio.Task[Any] | None = None

    @property
    def uid(self) -> str:
        """The pod's metadata.uid."""
        return str(self.pod["metadata"]["uid"])

    @property
    def grace(self) -> float:
        """The pod's own terminationGracePeriodSeconds."""
        seconds = self.pod["spec"].get("terminationGracePeriodSeconds")
        return 30.0 if seconds is None else float(seconds)

    def container(self, name: str) -> Container | None:
        """A container of the pod by name."""
        return next((container for container in self._every if container.name == name), None)

    def begin(self) -> None:
        """Start the pod in the background."""
        self._main = self.tasks.start(self._run_or_tell())
        if (seconds := self.pod["spec"].get("activeDeadlineSeconds")) is not None:
            self.tasks.start(self._end_at_deadline(float(seconds)))

    async def stop(self, grace: float) -> None:
        """End all containers within ``grace`` seconds and take the network away."""
        self.stopping, self.grace_left = True, grace
        if self._main is not None:
            self._main.cancel()
            await asyncio.wait([self._main])
        self._tell_killing()
        await self._end_containers(grace)
        self.tasks.cancel()
        await self.sandbox.remove()

    async def hasten(self, grace: float) -> None:
        """Give the containers less time than ``stop``, which goes on meanwhile, has given them."""
        self.grace_left = grace
        await self._end_containers(grace)

    def remove_object(self) -> None:
        """Remove the pod from the API, if it is still there."""
        if self._current() is not None:
            self.services.store.remove("pods", self._name, self._namespace)

    def publish(self) -> None:
        """Write the pod's status into the API."""
        current = self._current()
        if current is not None:
            told = self.services.behaviour.told(self.uid, self._facts.addresses)
            status = build_status(current, self._facts, told)
            self.pod = self.services.store.set_status("pods", self._name, self._namespace, status)

    def refresh(self) -> None:
        """Write the status anew with the addresses that the pod has now."""
        if self.sandbox.addresses:
            self._facts.addresses = self.sandbox.addresses
        self.publish()

    def lookup(self, plural: str, name: str) -> Obj | None:
        """An object of the pod's namespace."""
        return self.services.store.get(plural, name, self._namespace)

    def service_links(self) -> dict[str, str]:
        """The variables of the Services that the pod's containers find: its namespace's, and always the API's."""
        store = self.services.store
        api = store.get("services", "kubernetes", "default")
        always = service_links([api] if api else [])
        near = store.list("services", self._namespace) if self.pod["spec"].get("enableServiceLinks", True) else []
        links = service_links(near)
        if sum(map(len, (*links, *links.values()))) > MOST_LINKS:
            left_out = f"the variables of {len(near)} Services do not fit into an environment here"
            self.event("ServiceLinksLeftOut", left_out, warning=True)
            return always
        return always | links

    def event(self, reason: str, message: str, *, container: Container | None = None, warning: bool = False) -> None:
        """Tell what happened to the pod, or to one of its containers."""
        kind = "initContainers" if container in self._facts.init_containers else "containers"
        field = f"spec.{kind}{{{container.name}}}" if container else ""
        self.services.events.record(self.pod, reason, message, warning=warning, field=field)

    async def _run_or_tell(self) -> None:
        try:
            await self._run()
        except Exception as error:
            self.event("FailedSync", f"Error syncing pod: {type(error).__name__}: {error}", warning=True)
            raise

    async def _run(self) -> None:
        self.publish()
        await self._images()
        await self._volumes()
        await self._connect()
        if await self._run_init_containers():
            self._facts.initialized = True
            self.publish()
            await asyncio.gather(*(Supervisor(self, container).run() for container in self._facts.containers))
        self._facts.finished = True
        self.publish()
        await uncancelled(self.sandbox.disconnect())

    async def _end_at_deadline(self, seconds: float) -> None:
        """End the pod for good when its activeDeadlineSeconds are over."""
        await asyncio.sleep(seconds)
        if self._facts.finished or self.stopping or self._main is None:
            return
        self.event(OVERDUE, "Pod was active on the node longer than the specified deadline")
        self._main.cancel()
        await asyncio.wait([self._main])
        self._tell_killing()
        await self._end_containers(self.grace)
        self._facts.finished = self._facts.overdue = True
        for container in self._every:
            container.conclude()
        self.publish()
        await uncancelled(self.sandbox.disconnect())

    def _tell_killing(self) -> None:
        for container in self._every:
            if container.running is not None:
                self.event("Killing", f"Stopping container {container.name}", container=container)

    async def _images(self) -> None:
        """Wait for ever when there is an image that no registry would have."""
        bad = []
        for container in self._every:
            if never_there(container.spec):
                missing = f'Container image "{container.spec["image"]}" is not present with pull policy of Never'
                self.event("ErrImageNeverPull", missing, container=container, warning=True)
                self.event("Failed", "Error: ErrImageNeverPull", container=container, warning=True)
                container.wait_for("ErrImageNeverPull", missing)
                await asyncio.get_running_loop().create_future()
            if problem := image_problem(container.spec.get("image", "")):
                self.event("Pulling", f'Pulling image "{container.spec.get("image", "")}"', container=container)
                self.event("Failed", problem, container=container, warning=True)
                self.event("Failed", "Error: ErrImagePull", container=container, warning=True)
                container.wait_for("ErrImagePull", problem)
                bad.append(container)
        pause = FIRST_PULL_PAUSE
        while bad:
            await asyncio.sleep(pause)
            for container in bad:
                back_off = f'Back-off pulling image "{container.spec.get("image", "")}"'
                self.event("BackOff", back_off, container=container)
                self.event("Failed", "Error: ImagePullBackOff", container=container, warning=True)
                container.wait_for("ImagePullBackOff", back_off)
            pause = min(pause * 4, LONGEST_PULL_PAUSE)

    async def _volumes(self) -> None:
        while True:
            try:
                self.sandbox.make_volumes(self.pod, self.lookup)
            except MountError as error:
                self.event("FailedMount", f"MountVolume.SetUp failed for {error}", warning=True)
                await self.services.config_changed.wait()
            else:
                return

    @property
    def _every(self) -> tuple[Container, ...]:
        return (*self._facts.init_containers, *self._facts.containers)

    async def _end_containers(self, grace: float) -> None:
        await asyncio.gather(*(container.stop(grace) for container in self._every))

    async def _connect(self) -> None:
        pause = FIRST_SANDBOX_PAUSE
        while True:
            try:
                await uncancelled(self.sandbox.connect())
            except (NoAddress, NetworkCommandError, OSError) as error:
                self.event("FailedCreatePodSandBox", f"Failed to create pod sandbox: {error}", warning=True)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_SANDBOX_PAUSE)
            else:
                self.refresh()
                return

    async def _run_init_containers(self) -> bool:
        for container in self._every if self._facts.init_containers else ():
            container.wait_for("PodInitializing")
        for container in self._facts.init_containers:
            if await Supervisor(self, container, init=True).run() != 0:
                return False
        return True

    def _current(self) -> Obj | None:
        """The pod's object in the API; None when it is gone, also when another has its name now."""
        current = self.services.store.get("pods", self._name, self._namespace)
        return current if current is not None and current["metadata"]["uid"] == self.uid else None

    def _container(self, spec: Obj) -> Container:
        return Container(spec, self.services.zygote, self.tasks, self.publish)
