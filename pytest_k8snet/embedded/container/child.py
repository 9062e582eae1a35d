"""What a freshly forked child of the zygote does before it becomes the program of a container."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import termios
from collections.abc import Callable
from typing import Any, NoReturn

from pytest_k8snet.embedded.container.python import python_program
from pytest_k8snet.embedded.container.rootfs import enter_container_root
from pytest_k8snet.embedded.container.spec import Command, ContainerRoot, command_from, root_from
from pytest_k8snet.embedded.linux import CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, setns, unshare

NOT_FOUND = 127
NOT_EXECUTABLE = 126
START_FAILED = 128


def prepare_child(request: dict[str, Any], descriptors: list[int], inside: int | None) -> Callable[[], None]:
    """Enter the container and return its program; exits with 126 to 128 and a word on stderr when that fails.

    ``descriptors``, which do not survive exec, are stdin, stdout and stderr, and for a new container its network
    namespace and a pipe that gets the reason when the container cannot be started. ``inside`` is a pidfd of the
    container's main process for a command that is run in it, else None.
    """
    command = command_from(request["command"])
    report = descriptors[4] if inside is None else None
    try:
        _take_streams(descriptors[:3], command.terminal)
        if inside is None:
            _enter_new(root_from(request["root"]), descriptors[3])
        else:
            _join(inside)
        os.makedirs(command.cwd, exist_ok=True)
        os.chdir(command.cwd)
    except OSError as error:
        _fail(str(error), START_FAILED, report)
    os.environ.clear()
    os.environ.update(command.env)
    return python_program(command.argv) or _exec(command, report)


def _enter_new(root: ContainerRoot, network: int) -> None:
    setns(network, CLONE_NEWNET)
    unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)
    socket.sethostname(root.hostname)
    enter_container_root(root)


def _join(pidfd: int) -> None:
    setns(pidfd, CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS)
    os.close(pidfd)


def _take_streams(descriptors: list[int], terminal: bool) -> None:
    os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    if terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _exec(command: Command, report: int | None) -> NoReturn:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvpe(command.argv[0], command.argv, command.env)
    except OSError as error:
        found = not isinstance(error, FileNotFoundError)
        why = (error.strerror or str(error)).lower() if found else "executable file not found in $PATH"
        _fail(f'exec: "{command.argv[0]}": {why}', NOT_EXECUTABLE if found else NOT_FOUND, report)


def _fail(why: str, code: int, report: int | None) -> NoReturn:
    os.write(2 if report is None else report, f"{why}\n".encode())
    os._exit(code)
