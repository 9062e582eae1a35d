"""The zygote: a small warm Python that forks every process of every container, and tells how it ended.

It talks over one SOCK_SEQPACKET socket. A request is a JSON object with descriptors beside it; the answers are
``{"id": N, "pid": P}`` when the process is there or ``{"id": N, "failed": WHY}`` when it cannot be, and
``{"id": N, "ended": STATUS}`` (a wait status) when it is gone.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
from collections.abc import Callable
from typing import Any

from pytest_k8snet.embedded.container.child import prepare_child
from pytest_k8snet.embedded.linux import CLONE_NEWPID, adopt_orphans, setns, unshare

MAX_MESSAGE = 1 << 17
"""Bytes of a request; more would not fit into the buffer of a socket everywhere."""

MAX_DESCRIPTORS = 8

WARM = (
    "argparse",
    "asyncio",
    "ctypes",
    "ipaddress",
    "json",
    "platform",
    "queue",
    "runpy",
    "secrets",
    "subprocess",
    "traceback",
)
"""What programs in pods import: loaded here once, shared by all of them."""

Program = Callable[[], None]


class Zygote:
    """Serves requests on ``channel`` until it is closed; owns all processes of all containers."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._pids: dict[int, int] = {}  # request id -> pid of what runs
        self._own_pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._wake_read, wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._wakes = (self._wake_read, wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)

    def serve(self) -> Program | None:
        """Work until the channel closes and return None; in each forked child return what it has to run."""
        while True:
            ready, _, _ = select.select([self._channel.fileno(), self._wake_read], [], [])
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
                self._reap()
            if self._channel.fileno() in ready:
                data, descriptors = _receive(self._channel)
                if not data:
                    return None
                program = self._handle(json.loads(data), descriptors)
                if program is not None:
                    return program

    def _handle(self, request: dict[str, Any], descriptors: list[int]) -> Program | None:
        if request["op"] == "kill":
            self._kill(request["id"], request["signal"], request["group"])
            return None
        try:
            return self._fork(request, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _fork(self, request: dict[str, Any], descriptors: list[int]) -> Program | None:
        """Fork into a PID namespace: a new one for a container, that of the container for a command in it."""
        inside = None
        try:
            if "container" in request:
                inside = os.pidfd_open(self._pids[request["container"]])
                setns(inside, CLONE_NEWPID)
            else:
                unshare(CLONE_NEWPID)
            pid = os.fork()
        except (KeyError, OSError) as error:
            why = "the container is not running" if isinstance(error, KeyError) else str(error)
            self._back_home(inside)
            self._send({"id": request["id"], "failed": why})
            return None
        if pid == 0:
            self._close_in_child()
            return prepare_child(request, descriptors, inside)
        self._back_home(inside)
        self._pids[request["id"]] = pid
        self._send({"id": request["id"], "pid": pid})
        return None

    def _back_home(self, visited: int | None) -> None:
        setns(self._own_pid_namespace, CLONE_NEWPID)
        if visited is not None:
            os.close(visited)

    def _close_in_child(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in (*self._wakes, self._own_pid_namespace):
            os.close(descriptor)
        self._channel.close()

    def _kill(self, identifier: int, number: int, group: bool) -> None:
        pid = self._pids.get(identifier)
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):  # a child that has not made its process group yet
            os.kill(pid, number)  # unreaped, so the pid is still that of our child
            if group:
                os.killpg(pid, number)

    def _reap(self) -> None:
        by_pid = {pid: identifier for identifier, pid in self._pids.items()}
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in by_pid:
                del self._pids[by_pid[pid]]
                self._send({"id": by_pid[pid], "ended": status})

    def _send(self, message: dict[str, Any]) -> None:
        self._channel.send(json.dumps(message).encode())


def _receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """Receive one request; unlike ``socket.recv_fds`` so that no program inherits the descriptors."""
    descriptors = array.array("i")
    room = socket.CMSG_LEN(MAX_DESCRIPTORS * descriptors.itemsize)
    data, ancillary, _, _ = channel.recvmsg(MAX_MESSAGE, room, socket.MSG_CMSG_CLOEXEC)
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    return data, list(descriptors)


def run_zygote(channel: socket.socket) -> None:
    """Be the zygote; returns in the zygote when the channel closes, and in forked children when they are done."""
    adopt_orphans()
    for module in WARM:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    program = Zygote(channel).serve()
    if program is not None:
        program()
