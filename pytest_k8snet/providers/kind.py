"""A cluster made by the ``kind`` binary on the PATH, with a kubeconfig of its own, deleted after the run."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_k8snet.errors import PreflightError, UsageError
from pytest_k8snet.kube.access import Access
from pytest_k8snet.options import Settings
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.providers import FaultInjector, Say
from pytest_k8snet.providers.existing import THIS_MACHINE

OLDEST = (0, 24)
CLUSTER_SECONDS = 600.0
VERSION_SECONDS = 20.0

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


class Kind:
    """The ``kind`` binary on the PATH of an environment."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment

    def version(self, *, seconds: float = VERSION_SECONDS) -> str:
        """Return the version of the binary. Raises PreflightError when it is missing or too old."""
        if shutil.which("kind", path=self._environment.get("PATH", "")) is None:
            raise PreflightError(
                "there is no 'kind' on the PATH",
                hint="Install it (kind.sigs.k8s.io), or use --k8snet-provider embedded, which needs no Docker.",
            )
        said = self.run("version", seconds=seconds)
        found = re.search(r"v(\d+)\.(\d+)[.\w+-]*", said)
        if found is None:
            raise PreflightError(f"'kind version' said {said.strip()!r}, which names no version", hint="Is that kind?")
        if (int(found[1]), int(found[2])) < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            raise PreflightError(f"kind {found[0]} is too old: {wanted} or newer is needed", hint="Update kind.")
        return found[0]

    def delete(self, cluster: str, kubeconfig: Path) -> None:
        """Delete a cluster; one that is gone already is as good. Raises PreflightError."""
        while True:
            self.run("delete", "cluster", "--name", cluster, "--kubeconfig", str(kubeconfig))
            # Docker may finish a container that it was asked for before a creation was interrupted.
            if not self.run("get", "nodes", "--name", cluster).strip():
                return

    def run(self, *arguments: str, seconds: float = CLUSTER_SECONDS) -> str:
        """Run kind and return what it printed. Raises PreflightError with its last lines when it fails."""
        what = f"'kind {' '.join(arguments[:2])}'"
        try:
            status, output, errors = self._finish(["kind", *arguments], seconds)
        except subprocess.TimeoutExpired as error:
            raise PreflightError(f"{what} did not end in {seconds:g} s", hint="Does 'docker ps' answer?") from error
        except OSError as error:
            raise PreflightError(
                f"{what} cannot be run: {error}", hint="Is kind installed, and on the PATH?"
            ) from error
        if status:
            raise PreflightError(
                f"{what} failed with status {status}:\n{_last_lines(output + errors)}",
                hint="Try it by hand. Often the cause is Docker not running or limits of inotify "
                "(kind.sigs.k8s.io/docs/user/known-issues).",
            )
        return output

    def _finish(self, command: Sequence[str], seconds: float) -> tuple[int, str, str]:
        """Run a command in a session of its own: Ctrl-C must not end kind in the middle of deleting a cluster."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            output, errors = process.communicate(timeout=seconds)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # also the docker commands that kind has started
                process.communicate()
        return process.returncode, output, errors


def _last_lines(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-8:])


class KindProvider:
    """``kind create cluster`` before the run, ``kind delete cluster`` after it."""

    name = "kind"

    def __init__(self, settings: Settings, kind: Kind | None = None) -> None:
        self._settings = settings
        self._kind = kind or Kind()
        self._cluster = ""
        self._whole = False
        self._kubeconfig = Path()

    def start(self, scratch: Path, run_id: str, say: Say) -> Access:
        """Make the cluster and wait until kind says that its control plane is up."""
        version = self._kind.version()
        config = scratch / "kind.yaml"
        config.write_text(self._config())
        self._kubeconfig = scratch / "kubeconfig"
        self._cluster = cluster_name(run_id)
        say(f"kind {version} makes the cluster {self._cluster} (some minutes where images must be pulled)")
        arguments: Sequence[str] = ("--name", self._cluster, "--config", str(config), "--wait", "0s")
        if self._settings.kind_image:
            arguments = (*arguments, "--image", self._settings.kind_image)
        self._kind.run("create", "cluster", *arguments, "--kubeconfig", str(self._kubeconfig))
        self._whole = True
        return Access(str(self._kubeconfig), f"kind-{self._cluster}", scratch)

    def _config(self) -> str:
        if not (given := self._settings.kind_config):
            return CONFIG
        try:
            return Path(given).expanduser().read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"--k8snet-kind-config: {given} cannot be read: {error}",
                hint="It must be a configuration file of kind (kind.sigs.k8s.io/docs/user/configuration).",
            ) from error

    def stop(self, say: Say) -> None:
        """Delete the cluster unless it is to be kept; one that was not finished is of no use to anybody."""
        if not self._cluster:
            return
        if self._settings.kind_keep and self._whole:
            say(
                f"kept the kind cluster {self._cluster}; its kubeconfig: kind get kubeconfig --name {self._cluster}; "
                f"remove it: kind delete cluster --name {self._cluster}"
            )
            return
        self._kind.delete(self._cluster, self._kubeconfig)

    def remains(self) -> str:
        """The cluster, as soon as kind was asked for it."""
        return f"the kind cluster {self._cluster}" if self._cluster else ""

    def outside(self) -> tuple[Pod | None, str]:
        """Probe from this machine, which is outside kind's nodes."""
        return THIS_MACHINE, ""

    def faults(self) -> FaultInjector | None:
        """Have none: kind's network is the CNI's own."""
        return None
