"""What a pod must be to be stored (k8s.io/kubernetes ``validation.ValidatePodSpec``), as far as this cluster uses it.

Required fields and enumerations are checked by the shape of the kind before this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pytest_k8snet.embedded.api.checks import (
    check_distinct,
    check_ip,
    check_label_map,
    check_name,
    check_selector,
    check_unique,
    forbidden,
    invalid,
    required,
    unsupported,
)
from pytest_k8snet.embedded.api.kinds.container_checks import check_container
from pytest_k8snet.embedded.api.objects import Obj, clone, lookup
from pytest_k8snet.embedded.api.status import Cause

SYSCTL = re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?")
DIRECT = re.compile(r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*\.?")
MAX_ID = 2**31 - 1


def validate(pod: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a new pod, or for a change that a pod does not allow."""
    if old is not None:
        yield from _check_change(pod, old)
        return
    spec = pod["spec"]
    if spec.get("ephemeralContainers"):
        yield forbidden("spec.ephemeralContainers", "cannot be set on create")
    yield from check_volumes(spec)
    yield from check_containers(spec)
    yield from _check_scheduling(spec)
    yield from _check_dns(spec)
    yield from _check_security(spec.get("securityContext") or {})


def check_containers(spec: Obj) -> Iterator[Cause]:
    """Init containers and containers, whose names differ from each other."""
    if spec.get("containers") == []:
        yield required("spec.containers")
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    names: set[str] = set()
    for key in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(key) or ()):
            path = f"spec.{key}[{index}]"
            name = container.get("name")
            if name and name in names:
                yield Cause(f"{path}.name", f'Duplicate value: "{name}"', "FieldValueDuplicate")
            names.add(name)
            yield from check_container(container, path, volumes, host_network=bool(spec.get("hostNetwork")))
            if key == "initContainers" and container.get("restartPolicy") != "Always":
                yield from _check_init(container, path)
    ports = [port for container in spec.get("containers") or () for port in container.get("ports") or ()]
    if any(port.get("hostPort") for port in ports):
        yield from _check_host_ports(spec)


def _check_init(container: Obj, path: str) -> Iterator[Cause]:
    """An init container ends, so nothing asks how it is."""
    for field in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(field) is not None:
            yield forbidden(f"{path}.{field}", "may not be set for init containers without restartPolicy=Always")


def _check_host_ports(spec: Obj) -> Iterator[Cause]:
    """Two containers of a pod cannot have the same port of the node."""
    taken: set[str] = set()
    for index, container in enumerate(spec.get("containers") or ()):
        for number, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            identity = f"{port.get('protocol')}/{port.get('hostIP') or ''}/{port['hostPort']}"
            if identity in taken:
                path = f"spec.containers[{index}].ports[{number}].hostPort"
                yield Cause(path, f'Duplicate value: "{identity}"', "FieldValueDuplicate")
            taken.add(identity)


def check_volumes(spec: Obj) -> Iterator[Cause]:
    """Volumes: their names, one source each, and what the sources need."""
    volumes = spec.get("volumes") or []
    yield from check_unique(volumes, "spec.volumes", "name")
    for index, volume in enumerate(volumes):
        path = f"spec.volumes[{index}]"
        yield from check_name(volume.get("name"), f"{path}.name", "label")
        for extra in sorted(set(volume) - {"name"})[1:]:
            yield forbidden(f"{path}.{extra}", "may not specify more than 1 volume type")
        if volume.get("configMap") is not None and not volume["configMap"].get("name"):
            yield required(f"{path}.configMap.name")
        if volume.get("secret") is not None and not volume["secret"].get("secretName"):
            yield required(f"{path}.secret.secretName")
        for kind in ("configMap", "secret", "downwardAPI"):
            yield from _check_items(lookup(volume, kind, "items") or [], f"{path}.{kind}.items")
        if ".." in str(lookup(volume, "hostPath", "path") or "").split("/"):
            yield invalid(f"{path}.hostPath.path", volume["hostPath"]["path"], "must not contain '..'")


def _check_items(items: list[Obj], path: str) -> Iterator[Cause]:
    for index, item in enumerate(items):
        file = str(item.get("path") or "")
        if file.startswith("/"):
            yield invalid(f"{path}[{index}].path", file, "must be a relative path")
        elif ".." in file.split("/"):
            yield invalid(f"{path}[{index}].path", file, "must not contain '..'")


def _check_scheduling(spec: Obj) -> Iterator[Cause]:
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 0 < deadline <= MAX_ID:
        yield invalid("spec.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")
    yield from check_name(spec.get("nodeName"), "spec.nodeName", "subdomain")
    yield from check_label_map(spec.get("nodeSelector") or {}, "spec.nodeSelector")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        yield forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")
    for index, toleration in enumerate(spec.get("tolerations") or ()):
        yield from _check_toleration(toleration, f"spec.tolerations[{index}]")
    yield from _check_affinity(spec.get("affinity") or {})


def _check_toleration(toleration: Obj, path: str) -> Iterator[Cause]:
    operator = toleration.get("operator") or "Equal"
    if operator not in ("Equal", "Exists"):
        yield unsupported(f"{path}.operator", operator, ("Equal", "Exists"))
    elif not toleration.get("key") and operator != "Exists":
        why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield invalid(f"{path}.operator", operator, why)
    elif operator == "Exists" and toleration.get("value"):
        yield invalid(f"{path}.operator", toleration["value"], "value must be empty when `operator` is 'Exists'")


def _check_affinity(affinity: Obj) -> Iterator[Cause]:
    required_terms = "requiredDuringSchedulingIgnoredDuringExecution"
    for kind in ("podAffinity", "podAntiAffinity"):
        for index, term in enumerate(lookup(affinity, kind, required_terms) or ()):
            path = f"spec.affinity.{kind}.{required_terms}[{index}]"
            yield from check_selector(term.get("labelSelector") or {}, f"{path}.labelSelector")
            if not term.get("topologyKey"):
                yield required(f"{path}.topologyKey", "can not be empty")
    node = lookup(affinity, "nodeAffinity", required_terms)
    if node is not None and not node.get("nodeSelectorTerms"):
        path = f"spec.affinity.nodeAffinity.{required_terms}.nodeSelectorTerms"
        yield required(path, "must have at least one node selector term")


def _check_dns(spec: Obj) -> Iterator[Cause]:
    config = spec.get("dnsConfig") or {}
    servers = config.get("nameservers") or []
    none = spec.get("dnsPolicy") == "None"
    if none and not spec.get("dnsConfig"):
        yield required("spec.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
    elif spec.get("dnsPolicy") == "None" and not servers:
        yield required(
            "spec.dnsConfig.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None"
        )
    if len(servers) > 3:
        yield invalid("spec.dnsConfig.nameservers", servers, "must not have more than 3 nameservers")
    for index, server in enumerate(servers):
        yield from check_ip(server, f"spec.dnsConfig.nameservers[{index}]")
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            yield required(f"spec.dnsConfig.options[{index}]", "must not be empty")
    for index, domain in enumerate(config.get("searches") or ()):
        if domain != "." and not DIRECT.fullmatch(domain):
            yield invalid(f"spec.dnsConfig.searches[{index}]", domain, f"must match the regex {DIRECT.pattern}")
    yield from _check_hostnames(spec)


def _check_hostnames(spec: Obj) -> Iterator[Cause]:
    yield from check_name(spec.get("hostname"), "spec.hostname", "label")
    yield from check_name(spec.get("subdomain"), "spec.subdomain", "label")
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        yield from check_ip(alias.get("ip", ""), f"spec.hostAliases[{index}].ip")
        for number, name in enumerate(alias.get("hostnames") or ()):
            yield from check_name(name, f"spec.hostAliases[{index}].hostnames[{number}]", "subdomain")


def _check_security(context: Obj) -> Iterator[Cause]:
    path = "spec.securityContext"
    for field in ("fsGroup", "runAsUser", "runAsGroup"):
        value = context.get(field)
        if value is not None and not 0 <= value <= MAX_ID:
            yield invalid(f"{path}.{field}", value, "must be between 0 and 2147483647, inclusive")
    profile = context.get("seccompProfile") or {}
    if profile.get("type") == "Localhost" and not profile.get("localhostProfile"):
        yield required(f"{path}.seccompProfile.localhostProfile", "must be set when seccomp type is Localhost")
    sysctls: list[dict[str, Any]] = context.get("sysctls") or []
    for index, entry in enumerate(sysctls):
        if len(entry.get("name", "")) > 253 or not SYSCTL.fullmatch(entry.get("name", "")):
            why = f"must have at most 253 characters and match regex ^{SYSCTL.pattern}$"
            yield invalid(f"{path}.sysctls[{index}].name", entry.get("name", ""), why)
    yield from check_distinct(sysctls, lambda entry: entry.get("name"), f"{path}.sysctls", "name")


def _check_change(pod: Obj, old: Obj) -> Iterator[Cause]:
    """In the spec of a pod only images, the deadline and further tolerations can change (and gates can go)."""
    spec, before = clone(pod["spec"]), clone(old["spec"])
    for key in ("containers", "initContainers"):
        if len(spec.get(key) or ()) != len(before.get(key) or ()):
            yield forbidden(f"spec.{key}", "pod updates may not add or remove containers")
            return
        for container, former in zip(spec.get(key) or (), before.get(key) or (), strict=True):
            container["image"] = former.get("image")
    if all(toleration in (spec.get("tolerations") or []) for toleration in before.get("tolerations") or ()):
        spec["tolerations"] = before.get("tolerations")
    spec["activeDeadlineSeconds"] = before.get("activeDeadlineSeconds")
    spec["schedulingGates"] = before.get("schedulingGates")
    spec["terminationGracePeriodSeconds"] = before.get("terminationGracePeriodSeconds")
    left, right = (({k: v for k, v in part.items() if v is not None}) for part in (spec, before))
    if left != right:
        changed = sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))
        why = (
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
            "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
            "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative); "
            f"changed: {', '.join(changed)}"
        )
        yield forbidden("spec", why)
