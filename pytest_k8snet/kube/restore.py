"""Objects of others that a drill changes: what was there before is kept in the object itself, in the same request.

So there is no moment at which a run that is killed leaves a changed object whose former state nobody knows: the end of
the run, or the next ``k8snet sweep``, puts it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.client import KubeApi, Object

BEFORE = "k8snet.io/before"
"""The annotation with the former data, as JSON."""


def change_config_map(api: KubeApi, run_id: str, namespace: str, name: str, data: Mapping[str, str]) -> None:
    """Put data into a ConfigMap, in the name of a run; ``restore_config_map`` puts the former data back.

    Raises ApiError when another run has changed it and not put it back.
    """
    found = api.get("v1", "ConfigMap", name, namespace)
    metadata = found["metadata"]
    owner = (metadata.get("labels") or {}).get(labels.RUN, run_id)
    if owner != run_id:
        raise ApiError(
            f"the ConfigMap {namespace}/{name} is changed by the run {owner}",
            hint=f"When that run is over: k8snet sweep --run {owner}",
        )
    before = (metadata.get("annotations") or {}).get(BEFORE) or json.dumps(found.get("data") or {})
    body: Object = {
        # The version makes it a conflict when somebody else changes it at the same moment.
        "metadata": {
            "resourceVersion": metadata["resourceVersion"],
            "labels": {labels.RUN: run_id},
            "annotations": {BEFORE: before},
        },
        "data": dict(data),
    }
    api.patch("v1", "ConfigMap", name, body, namespace)


def restore_config_map(api: KubeApi, changed: Object) -> str:
    """Put back what was in a ConfigMap before a run changed it; return its namespace and name."""
    metadata = changed["metadata"]
    before = json.loads(metadata["annotations"][BEFORE])
    # A merge leaves alone what is not named: keys that the drill has added are named to be removed.
    data = dict.fromkeys(changed.get("data") or {}) | before
    body: Object = {
        "metadata": {"labels": {labels.RUN: None}, "annotations": {BEFORE: None}},
        "data": data,
    }
    api.patch("v1", "ConfigMap", metadata["name"], body, metadata["namespace"])
    return f"{metadata['namespace']}/{metadata['name']}"


def changed_config_maps(api: KubeApi, run_id: str | None = None) -> Iterator[Object]:
    """Yield the ConfigMaps that a run, or any run, has changed and not put back.

    There are none for those who may not list them: they cannot have changed any either.
    """
    try:
        marked = api.objects("v1", "ConfigMap", labels=f"{labels.RUN}={run_id}" if run_id else labels.RUN)
    except ApiError as error:
        if error.status != 403:
            raise
        return
    for found in marked:
        if BEFORE in (found["metadata"].get("annotations") or {}):
            yield found


def run_of(changed: Object) -> str:
    """Return the id of the run that has changed an object."""
    return str(changed["metadata"]["labels"][labels.RUN])
