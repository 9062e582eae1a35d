"""Cluster-wide policies that concern nobody else's pods, and of which nothing stays when the run has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.client import Object
from pytest_k8snet.policy.cases import Manifest

ONLY_NAME = {"BaselineAdminNetworkPolicy": "default"}
"""The kinds of which a cluster has one only, and how that is called."""


def confined(policy: Manifest, requirement: Mapping[str, Any]) -> Object:
    """Return a policy that is about pods of fewer namespaces: those that meet one more requirement of a selector."""
    subject = policy["spec"]["subject"]
    if "namespaces" in subject:
        fewer = {"namespaces": _also(subject["namespaces"], requirement)}
    else:
        pods = subject["pods"]
        fewer = {"pods": pods | {"namespaceSelector": _also(pods.get("namespaceSelector") or {}, requirement)}}
    return dict(policy) | {"spec": policy["spec"] | {"subject": fewer}}


def _also(selector: Manifest, requirement: Mapping[str, Any]) -> Object:
    return dict(selector) | {"matchExpressions": [*selector.get("matchExpressions", ()), dict(requirement)]}


def renamed(policy: Manifest, prefix: str) -> Object:
    """Return a policy whose name begins otherwise, but for a kind with only one name."""
    name = ONLY_NAME.get(policy["kind"]) or f"{prefix}{policy['metadata']['name']}"
    return dict(policy) | {"metadata": policy["metadata"] | {"name": name}}


def of_run(cluster: Cluster, policy: Manifest) -> Object:
    """Return a policy that carries the run's label and is owned by its namespace, with which it goes at the latest."""
    state = cluster.attachment.state
    owner = cluster.api.get("v1", "Namespace", state.namespace)["metadata"]
    reference = {"apiVersion": "v1", "kind": "Namespace", "name": owner["name"], "uid": owner["uid"]}
    more = {"labels": {labels.RUN: state.run_id}, "ownerReferences": [reference]}
    return dict(policy) | {"metadata": policy["metadata"] | more}
