"""What the zygote is asked to run, as it travels over its socket."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Bind:
    """A file or folder of the cluster that a container sees at ``target``."""

    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True)
class Command:
    """A program to run. ``argv[0]`` is looked up in PATH of ``env``; ``cwd`` is made when it is missing."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str = "/"
    terminal: bool = False


@dataclass(frozen=True)
class ContainerRoot:
    """The surroundings of a new container: its host name, its scratch folder for mounting and what is bound in."""

    hostname: str
    mount_point: str
    binds: tuple[Bind, ...] = field(default=())


def command_from(message: dict[str, Any]) -> Command:
    """Return the command of a decoded message."""
    return Command(**{**message, "argv": tuple(message["argv"])})


def root_from(message: dict[str, Any]) -> ContainerRoot:
    """Return the root of a decoded message."""
    return ContainerRoot(message["hostname"], message["mount_point"], tuple(Bind(**bind) for bind in message["binds"]))
