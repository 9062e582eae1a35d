"""Pod Security: the messages of a real API server, release 1.34, for pods that break each rule."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.embedded.api.bootstrap import new_store
from pytest_k8snet.embedded.api.pod_security import LABEL, violations
from pytest_k8snet.embedded.api.status import StoreError
from pytest_k8snet.embedded.api.store import Write

Object = dict[str, Any]

SAFE: Object = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def spec(context: Object | None = None, *, container: Object | None = None, **fields: Any) -> Object:
    """The spec of a pod that is restricted but for what is given."""
    return {
        "containers": [{"name": "c", "securityContext": {**SAFE, **(context or {})}, **(container or {})}],
        **fields,
    }


@pytest.mark.parametrize("level", ["privileged", "baseline", "restricted"])
def test_a_safe_pod_is_allowed_everywhere(level: str) -> None:
    volumes = [{"name": "v", "emptyDir": {}}, {"name": "c", "configMap": {"name": "x"}}]
    sysctls = [{"name": "net.ipv4.ping_group_range", "value": "0 1"}]
    assert violations(spec(volumes=volumes, securityContext={"sysctls": sysctls}), level) == []


BROKEN_BASELINE = [
    (spec(hostNetwork=True, hostPID=True), "host namespaces (hostNetwork=true, hostPID=true)"),
    (
        spec(container={"ports": [{"hostPort": 80}, {"hostPort": 81}]}),
        'hostPort (container "c" uses hostPorts 80, 81)',
    ),
    (spec(container={"ports": [{"hostPort": 80}]}), 'hostPort (container "c" uses hostPort 80)'),
    (
        spec({"privileged": True}),
        'privileged (container "c" must not set securityContext.privileged=true)',
    ),
    (
        spec({"procMount": "Unmasked"}),
        'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ),
    (
        spec(securityContext={"sysctls": [{"name": "net.core.somaxconn"}, {"name": "kernel.msgmax"}]}),
        "forbidden sysctls (net.core.somaxconn, kernel.msgmax)",
    ),
    (
        spec(securityContext={"seccompProfile": {"type": "Unconfined"}}),
        'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ),
    (
        spec({"appArmorProfile": {"type": "Unconfined"}}, securityContext={"appArmorProfile": {"type": "Unconfined"}}),
        'forbidden AppArmor profile (pod and container "c" must not set AppArmor profile type to "Unconfined")',
    ),
    (
        spec(
            container={
                "livenessProbe": {"httpGet": {"host": "1.2.3.4"}},
                "lifecycle": {"preStop": {"httpGet": {"host": "h"}}},
            }
        ),
        'probe or lifecycle host (container "c" uses probe or lifecycle hosts "1.2.3.4", "h")',
    ),
]


@pytest.mark.parametrize(("broken", "message"), BROKEN_BASELINE)
@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_baseline_is_part_of_restricted(broken: Object, message: str, level: str) -> None:
    assert violations(broken, level) == [message]
    assert violations(broken, "privileged") == []


@pytest.mark.parametrize(
    ("broken", "baseline", "restricted"),
    [
        (
            spec({"capabilities": {"add": ["NET_RAW", "NET_ADMIN", "CHOWN"], "drop": ["ALL"]}}),
            'non-default capabilities (container "c" must not include "NET_ADMIN", "NET_RAW" in '
            "securityContext.capabilities.add)",
            'unrestricted capabilities (container "c" must not include "CHOWN", "NET_ADMIN", "NET_RAW" in '
            "securityContext.capabilities.add)",
        ),
        (
            spec(volumes=[{"name": "v", "hostPath": {}}, {"name": "w", "hostPath": {}}]),
            'hostPath volumes (volumes "v", "w")',
            'restricted volume types (volumes "v", "w" use restricted volume type "hostPath")',
        ),
        (
            spec(volumes=[{"name": "n", "nfs": {}}]),
            "",
            'restricted volume types (volume "n" uses restricted volume type "nfs")',
        ),
        (
            spec({"allowPrivilegeEscalation": None}),
            "",
            'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
        ),
        (
            spec({"capabilities": None}),
            "",
            'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])',
        ),
        (
            spec({"runAsNonRoot": None}),
            "",
            'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
        ),
        (
            spec({"runAsNonRoot": False}),
            "",
            'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)',
        ),
        (
            spec({"runAsUser": 0}, securityContext={"runAsUser": 0}),
            "",
            'runAsUser=0 (pod and container "c" must not set runAsUser=0)',
        ),
        (
            spec({"seccompProfile": None}),
            "",
            'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or '
            '"Localhost")',
        ),
    ],
)
def test_restricted_asks_for_more(broken: Object, baseline: str, restricted: str) -> None:
    assert violations(broken, "baseline") == ([baseline] if baseline else [])
    assert violations(broken, "restricted") == [restricted]


def test_what_the_pod_says_holds_for_its_containers() -> None:
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    broken = spec({"runAsNonRoot": None, "seccompProfile": None}, securityContext=context)
    assert violations(broken, "restricted") == []


def test_init_containers_are_judged_too() -> None:
    broken = spec(initContainers=[{"name": "i", "securityContext": {**SAFE, "privileged": True}}])
    text = 'privileged (container "i" must not set securityContext.privileged=true)'
    assert violations(broken, "baseline") == [text]


def test_a_namespace_can_only_warn() -> None:
    store, warnings = new_store(), []
    labels = {LABEL + "warn": "baseline", LABEL + "enforce": "privileged"}
    store.create("namespaces", {"metadata": {"name": "n", "labels": labels}})
    body = {"metadata": {"name": "p", "namespace": "n"}, "spec": spec(hostNetwork=True)}
    body["spec"]["containers"][0]["image"] = "x"
    store.create("pods", body, Write(warn=warnings.append))
    assert warnings == ['would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)']


def test_enforcement_is_a_403_with_the_whole_list() -> None:
    store = new_store()
    labels = {LABEL + "enforce": "restricted", LABEL + "enforce-version": "v1.30"}
    store.create("namespaces", {"metadata": {"name": "n", "labels": labels}})
    body = {"metadata": {"name": "p", "namespace": "n"}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    with pytest.raises(StoreError) as refused:
        store.create("pods", body)
    assert refused.value.status == 403
    assert refused.value.message.startswith('pods "p" is forbidden: violates PodSecurity "restricted:v1.30": allowPriv')
    assert refused.value.message.count("securityContext.") == 4
