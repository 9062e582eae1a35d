"""A cluster made by the ``kind`` binary on the PATH, with a kubeconfig of its own, deleted after the run."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from pytest_k8snet.errors import PreflightError
from pytest_k8snet.kube.client import Access
from pytest_k8snet.options import Settings
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.providers import FaultInjector, Say
from pytest_k8snet.providers.existing import THIS_MACHINE

OLDEST = (0, 24)
CREATE_SECONDS = 600

CONFIG = """\
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
- role: worker
- role: worker
"""


def cluster_name(run_id: str) -> str:
    """Return the name of a run's kind cluster."""
    return f"k8snet-{run_id}"


class KindProvider:
    """``kind create cluster`` before the run, ``kind delete cluster`` after it."""

    name = "kind"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cluster = ""
        self._kubeconfig = Path()

    def start(self, scratch: Path, run_id: str, say: Say) -> Access:
        """Make the cluster and wait until kind says that its control plane is up."""
        version = kind_version()
        self._kubeconfig = scratch / "kubeconfig"
        self._cluster = cluster_name(run_id)
        config = scratch / "kind.yaml"
        given = self._settings.kind_config
        config.write_text(Path(given).read_text() if given else CONFIG)
        say(f"kind {version} makes the cluster {self._cluster} (some minutes where images must be pulled)")
        arguments = ["create", "cluster", "--name", self._cluster, "--config", str(config), "--wait", "0s"]
        if self._settings.kind_image:
            arguments += ["--image", self._settings.kind_image]
        run_kind([*arguments, "--kubeconfig", str(self._kubeconfig)])
        return Access(str(self._kubeconfig), f"kind-{self._cluster}", scratch)

    def stop(self, say: Say) -> None:
        """Delete the cluster unless it is to be kept."""
        if not self._cluster:
            return
        if self._settings.kind_keep:
            say(
                f"kept the kind cluster {self._cluster}; its kubeconfig: kind get kubeconfig --name {self._cluster}; "
                f"remove it: kind delete cluster --name {self._cluster}"
            )
            return
        say(f"deleting the kind cluster {self._cluster}")
        run_kind(["delete", "cluster", "--name", self._cluster, "--kubeconfig", str(self._kubeconfig)])

    def outside(self) -> tuple[Pod | None, str]:
        """Probe from this machine, which is outside kind's nodes."""
        return THIS_MACHINE, ""

    def faults(self) -> FaultInjector | None:
        """Have none: kind's network is the CNI's own."""
        return None


def kind_version() -> str:
    """Return the version of the kind binary. Raises PreflightError when it is missing or too old."""
    if shutil.which("kind") is None:
        raise PreflightError(
            "--k8snet-provider kind: there is no 'kind' on the PATH",
            hint="Install it (kind.sigs.k8s.io), or use --k8snet-provider embedded, which needs no Docker.",
        )
    said = run_kind(["version"])
    found = re.search(r"v(\d+)\.(\d+)[.\w+-]*", said)
    if found is None:
        raise PreflightError(f"'kind version' said {said.strip()!r}, which names no version", hint="Is that kind?")
    if (int(found[1]), int(found[2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise PreflightError(f"kind {found[0]} is too old: {wanted} or newer is needed", hint="Update kind.")
    return found[0]


def run_kind(arguments: list[str]) -> str:
    """Run kind and return what it printed. Raises PreflightError with its last lines when it fails."""
    try:
        done = subprocess.run(
            ["kind", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CREATE_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise PreflightError(
            f"'kind {arguments[0]} {arguments[1]}' did not end in {CREATE_SECONDS} s", hint="Does 'docker ps' answer?"
        ) from error
    if done.returncode:
        last = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-8:])
        raise PreflightError(
            f"'kind {' '.join(arguments[:2])}' failed with status {done.returncode}:\n{last}",
            hint="Try it by hand. Often the cause is Docker not running or limits of inotify "
            "(kind.sigs.k8s.io/docs/user/known-issues).",
        )
    return done.stdout
