"""One container of a pod over all its restarts: what runs, what it wrote, and what the API says of it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pytest_k8snet.embedded.api.objects import Obj, now
from pytest_k8snet.embedded.container.client import Running, StartError, ZygoteClient
from pytest_k8snet.embedded.container.spec import Command, ContainerRoot
from pytest_k8snet.embedded.kubelet.logs import ContainerLog
from pytest_k8snet.embedded.kubelet.tasks import Tasks, uncancelled

START_FAILED = 128
LONGEST_MESSAGE = 4096
"""The bytes of a termination message that are kept."""


class Container:
    """The state of one container; calls ``changed`` after each change that the API must show."""

    def __init__(self, spec: Obj, zygote: ZygoteClient, tasks: Tasks, changed: Callable[[], None]) -> None:
        self.spec = spec
        self.name: str = spec["name"]
        self.state: Obj = {"waiting": {"reason": "ContainerCreating"}}
        self.last_state: Obj = {}
        self.restarts = 0
        self.ready = False
        self.started_up = False
        self.running: Running | None = None
        self.command: Command | None = None
        """What was started last."""
        self.log: ContainerLog | None = None
        self.previous_log: ContainerLog | None = None
        self._zygote = zygote
        self._tasks = tasks
        self._changed = changed
        self._identity = ""
        self._began = ""

    @property
    def exit_code(self) -> int | None:
        """The exit code when the container has ended and is not about to run again."""
        ended = self.state.get("terminated")
        return None if ended is None else int(ended["exitCode"])

    def inside(self, argv: Sequence[str], *, terminal: bool = False) -> Command:
        """Return a command as it runs in the container: where, and with the environment that, its program has."""
        assert self.command is not None, "nothing runs inside a container that was never started"
        env = {**self.command.env, "TERM": "xterm"} if terminal else self.command.env
        return Command(tuple(argv), env, self.command.cwd, terminal)

    def wait_for(self, reason: str, message: str = "") -> None:
        """Show that the container waits, and why."""
        if ended := self.state.get("terminated"):
            self.last_state = {"terminated": ended}
        self._set({"waiting": {"reason": reason, **({"message": message} if message else {})}})

    async def run(
        self, command: Command, root: ContainerRoot, network: int, started: Callable[[], None], last_words: Path
    ) -> int:
        """Run the program once, from start to end; return its exit code.

        ``started`` is called when it runs. ``last_words`` is the file in which it can say why it ended.
        """
        self.previous_log, self.log = self.log, ContainerLog()
        self.command = command
        if ended := self.state.get("terminated"):
            self.last_state = {"terminated": ended}
        self._identity = f"k8snet://{os.urandom(16).hex()}"
        self.started_up = not self.spec.get("startupProbe")
        self._began = now()
        try:
            await uncancelled(self._start(command, root, network, self.log))
        except StartError as error:
            return self._end(START_FAILED, "StartError", str(error))
        assert self.running is not None
        self._set({"running": {"startedAt": self._began}})
        started()
        code = await asyncio.shield(self.running.ended)
        self.running = None
        return self._end(code, "Completed" if code == 0 else "Error", _read(last_words))

    async def stop(self, grace: float) -> None:
        """End the program: SIGTERM, and SIGKILL ``grace`` seconds later if it still runs."""
        if (running := self.running) is None:
            return
        deadline = time.monotonic() + grace
        if grace > 0:
            await self._zygote.signal(running, signal.SIGTERM)
            await asyncio.wait([running.ended], timeout=deadline - time.monotonic())
        await self._zygote.signal(running, signal.SIGKILL)
        await asyncio.shield(running.ended)

    def conclude(self) -> None:
        """Show how the program ended, when it was stopped and ``run`` was cancelled before."""
        if self.running is not None and self.running.ended.done():
            code = self.running.ended.result()
            self.running = None
            self._end(code, "Completed" if code == 0 else "Error")

    def set_started_up(self) -> None:
        """Show that the startup probe has succeeded."""
        self.started_up = True
        self._changed()

    def set_ready(self, ready: bool) -> None:
        """Show whether the container is ready."""
        if ready is not self.ready:
            self.ready = ready
            self._changed()

    def status(self) -> Obj:
        """The entry of status.containerStatuses."""
        image = self.spec.get("image", "")
        identity = {"containerID": self._identity} if self._identity else {}
        mounts = [_mount_status(mount) for mount in self.spec.get("volumeMounts") or ()]
        return {
            "name": self.name,
            "image": image,
            "imageID": f"k8snet://{image}" if "waiting" not in self.state else "",
            **identity,
            "ready": self.ready,
            "started": "running" in self.state and self.started_up,
            "restartCount": self.restarts,
            "state": self.state,
            "lastState": self.last_state,
            **(_resources_status(self.spec.get("resources") or {}) if identity else {}),
            **({"volumeMounts": mounts} if mounts else {}),
        }

    async def _start(self, command: Command, root: ContainerRoot, network: int, log: ContainerLog) -> None:
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        try:
            streams = (null, log.write_end, log.write_end)
            self.running = await self._zygote.start_container(command, root, streams, network)
        finally:
            os.close(null)
            self._tasks.start(log.collect())

    def _end(self, code: int, reason: str, message: str = "") -> int:
        self.ready = False
        ended = {"exitCode": code, "reason": reason, "startedAt": self._began, "finishedAt": now()}
        if message:
            ended["message"] = message
        self._set({"terminated": {**ended, "containerID": self._identity}})
        return code

    def _set(self, state: Obj) -> None:
        self.state = state
        self._changed()


def _resources_status(resources: Obj) -> Obj:
    requests = resources.get("requests")
    return {"resources": resources} | ({"allocatedResources": requests} if requests else {})


def _mount_status(mount: Obj) -> Obj:
    told = {key: mount[key] for key in ("name", "mountPath", "readOnly") if mount.get(key)}
    return {**told, "recursiveReadOnly": "Disabled"} if mount.get("readOnly") else told


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(LONGEST_MESSAGE).decode(errors="replace")
    except OSError:
        return ""  # the program has made it unreadable, and so says nothing
