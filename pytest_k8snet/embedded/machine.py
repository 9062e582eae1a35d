"""Whether this machine can run an embedded cluster, and in one sentence why not."""

from __future__ import annotations

import errno
import shutil
import sys
from pathlib import Path

from pytest_k8snet.embedded.network.netns import TOOL_PATH
from pytest_k8snet.embedded.options import PodNetworkName

NEXT_STEP = "run as root, or use a cluster of your own (--k8snet-context NAME) or kind (--k8snet-provider kind)"


class CannotStart(OSError):
    """This machine cannot run an embedded cluster; the message is one sentence with the next step."""


TOOLS = (("ip", "iproute2"), ("nft", "nftables"))


def check_machine(system: str = sys.platform, path: str = TOOL_PATH, network: PodNetworkName = "routed") -> None:
    """Raise CannotStart when it is clear beforehand that a cluster with this pod network cannot be started here."""
    if system != "linux":
        raise CannotStart(f"the embedded cluster needs Linux, this is {system}: use kind (--k8snet-provider kind)")
    for tool, package in TOOLS:
        if shutil.which(tool, path=path) is None:
            raise CannotStart(f"the program {tool} is not installed: install the package {package}")
    if network == "bgp" and shutil.which("bird", path=path) is None:
        raise CannotStart(
            "the network bgp needs the program bird, which is not installed: "
            "install the package bird2, or choose the network routed or vxlan"
        )


def explain_refusal(error: OSError, sysctls: Path = Path("/proc/sys")) -> str:
    """Return why the kernel refused to make the namespaces, and what to do."""
    if error.errno == errno.ENOSPC and _number(sysctls / "user/max_user_namespaces") == 0:
        return f"user namespaces are switched off (user.max_user_namespaces is 0): {NEXT_STEP}"
    if _number(sysctls / "kernel/unprivileged_userns_clone") == 0:
        return f"user namespaces need root here (kernel.unprivileged_userns_clone is 0): {NEXT_STEP}"
    if _number(sysctls / "kernel/apparmor_restrict_unprivileged_userns") == 1:
        return (
            "AppArmor keeps ordinary users from user namespaces "
            f"(kernel.apparmor_restrict_unprivileged_userns is 1): {NEXT_STEP}"
        )
    if error.errno in (errno.EPERM, errno.EACCES):
        return f"this machine or container does not allow new namespaces ({error}): {NEXT_STEP}"
    return f"the kernel refused to make the cluster's namespaces ({error}): {NEXT_STEP}"


def explain_end(error: Exception, run_dir: Path) -> str:
    """Return why a cluster ended by itself, and what to do where that is known."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"there is no room for the cluster's files in {run_dir}: free some, or set XDG_RUNTIME_DIR or TMPDIR"
    return f"{type(error).__name__}: {error}"


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except FileNotFoundError:
        return None
