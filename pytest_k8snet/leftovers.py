"""What runs that died have left behind, on this machine and in clusters, and its removal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pytest_k8snet import rundir, standing
from pytest_k8snet.errors import K8sNetError
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi, Object
from pytest_k8snet.kube.restore import changed_config_maps, restore_config_map, run_of
from pytest_k8snet.kube.sweep import SWEEP_SECONDS, delete_namespaces, namespaces_of
from pytest_k8snet.providers import Say
from pytest_k8snet.providers.kind import Kind, cluster_name

ACCESS = "access.json"


@dataclass(frozen=True)
class Wanted:
    """Which runs to remove: one by its id, all that do not live on this machine, or (neither) the dead ones."""

    run_id: str = ""
    everything: bool = False


def note_access(folder: Path, provider: str, access: Access) -> None:
    """Write down in a run's folder which cluster it uses, so that a sweep finds it."""
    text = json.dumps({"provider": provider, "kubeconfig": access.kubeconfig, "context": access.context})
    unfinished = folder / f"{ACCESS}.new"
    unfinished.write_text(text)
    unfinished.rename(folder / ACCESS)


def sweep_machine(wanted: Wanted, say: Say, *, seconds: float = SWEEP_SECONDS) -> int:
    """Remove what dead runs left on this machine, and in the clusters that they used; return how many failed.

    The namespaces of a run get ``seconds`` to go.
    """
    failed = 0
    for folder in rundir.abandoned():
        if wanted.run_id in {"", folder.name}:
            try:
                failed += _sweep_run(folder, say, seconds)
            except (K8sNetError, OSError) as error:
                say(f"run {folder.name} is not removed: {error}")
                failed += 1
    if (parent := rundir.parent()).is_dir():
        rundir.remove_if_empty(parent)
    return failed


def _sweep_run(folder: Path, say: Say, seconds: float) -> int:
    note = folder / ACCESS
    known = json.loads(note.read_text()) if note.is_file() else {}
    if known.get("provider") == "existing" and not standing.is_gone(known["kubeconfig"]):
        api = KubeApi(Access(known["kubeconfig"], known["context"], folder))
        try:
            _restore(api, changed_config_maps(api, folder.name), say)
            if left := _delete(api, namespaces_of(api, folder.name), say, seconds):
                return left  # and the folder stays, so that the next sweep finds them
        finally:
            api.close()
    if known.get("provider") == "kind" or (folder / "kind.yaml").is_file():
        Kind().delete(cluster_name(folder.name), folder / "kubeconfig")
        say(f"removed the kind cluster {cluster_name(folder.name)}")
    standing.wait_until_ended(folder)
    shutil.rmtree(folder)
    say(f"removed {folder}")
    return 0


def sweep_cluster(kubeconfig: str, context: str, wanted: Wanted, say: Say, *, seconds: float = SWEEP_SECONDS) -> int:
    """Remove the namespaces of runs from a cluster; return how many are left of those that should go."""
    with TemporaryDirectory(prefix="k8snet-sweep-") as scratch:
        api = KubeApi(Access(kubeconfig, context, Path(scratch)))
        try:
            found = namespaces_of(api, wanted.run_id or None)
            changed = changed_config_maps(api, wanted.run_id or None)
            _restore(api, (one for one in changed if _is_dead(run_of(one), found, wanted)), say)
            doomed = [namespace for namespace in found if _is_dead(_run_of(namespace), found, wanted)]
            return _delete(api, doomed, say, seconds)
        finally:
            api.close()


def _is_dead(run_id: str, namespaces: Iterable[Object], wanted: Wanted) -> bool:
    """Tell whether what a run has left is to go."""
    here = rundir.parent() / run_id
    if here.is_dir() and rundir.alive(here):
        return False
    # A run renews the leases of its fleet's namespaces; those that its tests make live as long.
    living = {_run_of(namespace) for namespace in namespaces if not labels.expired(namespace)}
    return bool(wanted.run_id) or wanted.everything or run_id not in living


def _restore(api: KubeApi, changed: Iterable[Object], say: Say) -> None:
    for one in changed:
        say(f"put back the ConfigMap {restore_config_map(api, one)}")


def _run_of(namespace: Object) -> str:
    return str(namespace["metadata"]["labels"][labels.RUN])


def _delete(api: KubeApi, namespaces: list[Object], say: Say, seconds: float) -> int:
    left = delete_namespaces(api, namespaces, seconds=seconds)
    for name in (namespace["metadata"]["name"] for namespace in namespaces):
        say(f"{'NOT removed' if name in left else 'removed'} the namespace {name}")
    return len(left)
