"""The processes of a cluster, and that none of them survives the others.

    owner      who called ``launch``; holds the writing end of the launcher's standard input
    launcher   waits for the end of the owner (its input ends) or of init, kills init, removes the run directory
    init       process 1 of a PID namespace, in which everything else of the cluster lives; dies with the launcher
    sweeper    removes the run directory when launcher and init are gone, however they ended
    zygote     child of init, forks the containers

Each of them returns a *role*, a function without arguments, to the top of the program: a forked child must not pass
through the ``finally`` blocks of its parent.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_k8snet.embedded.container.zygote import run_zygote
from pytest_k8snet.embedded.fault_files import FaultFileError
from pytest_k8snet.embedded.linux import (
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    die_with_parent,
    mount,
    unshare,
)
from pytest_k8snet.embedded.logfile import last_words
from pytest_k8snet.embedded.machine import explain_end, explain_refusal
from pytest_k8snet.embedded.options import ClusterOptions

Role = Callable[[], None]

OWNER, REPORT = 0, 1
"""The launcher's standard input, which ends with the owner, and its standard output, which the owner reads."""


@dataclass(frozen=True)
class Setting:
    """What all processes of one cluster know. ``listener`` was opened before leaving the machine's network.

    ``sweeper`` is the process that ends last.
    """

    options: ClusterOptions
    run_dir: Path
    listener: socket.socket
    sweeper: int


def announce(message: dict[str, object]) -> None:
    """Tell the owner something, as one line of JSON."""
    os.write(REPORT, json.dumps(message).encode() + b"\n")


def split(options: ClusterOptions, run_dir: Path) -> Role:
    """Become launcher, sweeper and init; return in each of them what it has to do."""
    lease_read, lease_write = os.pipe2(os.O_CLOEXEC)
    sweeper = os.fork()
    if sweeper == 0:
        os.close(lease_write)
        return lambda: _sweep(lease_read, run_dir)
    os.close(lease_read)
    setting = Setting(options, run_dir, socket.create_server(("127.0.0.1", 0)), sweeper)
    try:
        if os.geteuid() != 0:
            _enter_user_namespace()
        unshare(CLONE_NEWPID)
    except OSError as error:
        refusal = error
        return lambda: _give_up(run_dir, refusal)
    go_read, go_write = os.pipe2(os.O_CLOEXEC)
    init = os.fork()
    if init == 0:
        os.close(go_write)
        return _init(setting, go_read)
    setting.listener.close()
    os.close(go_read)
    os.write(go_write, b"1")
    return lambda: _watch(init, run_dir)


def _give_up(run_dir: Path, error: OSError) -> None:
    announce({"error": explain_refusal(error)})
    shutil.rmtree(run_dir, ignore_errors=True)


def _sweep(lease: int, run_dir: Path) -> None:
    """Wait until nobody holds the other end of ``lease``; the launcher and init do, until they end."""
    os.setsid()
    os.read(lease, 1)
    shutil.rmtree(run_dir, ignore_errors=True)


def _watch(init: int, run_dir: Path) -> None:
    """Wait until the owner or init is gone, then end the other of the two and remove the run directory."""
    pidfd = os.pidfd_open(init)
    poll = select.poll()
    poll.register(OWNER, select.POLLIN | select.POLLHUP)
    poll.register(pidfd, select.POLLIN)
    ready = {descriptor for descriptor, _ in poll.poll()}
    if pidfd in ready:
        announce({"error": last_words(run_dir)})  # heard by an owner that still waits for the cluster to be ready
    else:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    os.waitpid(init, 0)
    shutil.rmtree(run_dir, ignore_errors=True)


def _enter_user_namespace() -> None:
    """Become root of a user namespace that knows nobody but this user."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


def _init(setting: Setting, go: int) -> Role:
    """Make the namespaces and the zygote; return what init, or the zygote, has to do."""
    die_with_parent(signal.SIGKILL)
    if not os.read(go, 1):
        return lambda: None  # the launcher ended before we asked to end with it
    os.close(go)
    _detach_from_owner()
    _raise_descriptor_limit()
    scratch = setting.run_dir / "inside"
    try:
        unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC)
        mount("none", "/", flags=MS_REC | MS_PRIVATE)
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        scratch.mkdir()
        mount("cluster", scratch, "tmpfs", MS_NOSUID | MS_NODEV, "size=512m,mode=700")
        (scratch / "root").mkdir()
    except OSError as error:
        message = explain_refusal(error)
        return lambda: announce({"error": message})
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        return _zygote(ours, theirs, setting)
    theirs.close()
    return lambda: _serve(setting, scratch, ours)


def _detach_from_owner() -> None:
    """Leave the owner's pipe to the launcher: a container must not hold it."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, OWNER)
    os.close(null)


def _raise_descriptor_limit() -> None:
    """Several descriptors belong to each pod: take as many as this user may have, for containers too."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _zygote(ours: socket.socket, theirs: socket.socket, setting: Setting) -> Role:
    """Keep nothing but the channel: a container must not hold what belongs to the cluster."""
    ours.close()
    setting.listener.close()
    os.dup2(2, REPORT)
    for entry in os.listdir("/proc/self/fd"):
        if int(entry) > 2 and int(entry) != theirs.fileno():
            try:
                os.close(int(entry))
            except OSError:  # the descriptor by which the folder was listed
                continue
    return lambda: run_zygote(theirs)


def _serve(setting: Setting, scratch: Path, channel: socket.socket) -> None:
    """Be init: run the cluster until it is killed."""
    try:
        # Half a second of imports: after the zygote was forked, which is to stay small, and beside its start.
        from pytest_k8snet.embedded.cluster import run_cluster

        def ready(message: dict[str, object]) -> None:
            announce({**message, "sweeper": setting.sweeper})

        asyncio.run(run_cluster(setting.options, setting.run_dir, scratch, setting.listener, channel, ready))
    except FaultFileError as error:
        announce({"error": str(error), "file": True})
        sys.exit(1)
    except Exception as error:
        # The log comes second: where there is no room for the cluster's files there is none for it either.
        announce({"error": explain_end(error, setting.run_dir)})
        traceback.print_exc()
        sys.exit(1)
