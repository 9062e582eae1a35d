"""What the network looks like from inside this pod."""

from __future__ import annotations

import os
import pathlib
import socket
from typing import Any

from . import netlink


def facts() -> dict[str, Any]:
    """Return addresses, links and routes, the host name, the network namespace's inode and resolv.conf."""
    resolv_conf = pathlib.Path("/etc/resolv.conf")
    return {
        "addresses": netlink.addresses(),
        "links": netlink.links(),
        "routes": netlink.routes(),
        "hostname": socket.gethostname(),
        "netns": os.stat("/proc/self/ns/net").st_ino,
        "resolv_conf": resolv_conf.read_text(errors="replace") if resolv_conf.exists() else "",
    }
