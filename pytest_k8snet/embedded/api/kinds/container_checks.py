"""What a container must be: image, ports, environment, mounts, resources, probes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from pytest_k8snet.embedded.api.checks import (
    check_name,
    check_port,
    check_port_name,
    check_port_or_name,
    check_unique,
    forbidden,
    invalid,
    required,
)
from pytest_k8snet.embedded.api.objects import Obj, lookup
from pytest_k8snet.embedded.api.quantity import parse_quantity
from pytest_k8snet.embedded.api.status import Cause

HOOKS = ("postStart", "preStop")
HANDLERS = ("exec", "grpc", "httpGet", "tcpSocket")
STANDARD = ("cpu", "ephemeral-storage", "memory", "storage")
FIELD_PATHS = re.compile(
    r"metadata\.(name|namespace|uid)|metadata\.(labels|annotations)(\['.*'\])?|spec\.(nodeName|serviceAccountName)"
    r"|status\.(hostIP|hostIPs|podIP|podIPs)"
)


def check_container(container: Obj, path: str, volumes: Collection[str], *, host_network: bool) -> Iterator[Cause]:
    """Causes for one container at ``path`` of a pod with ``volumes``."""
    yield from check_name(container.get("name"), f"{path}.name", "label")
    image = container.get("image") or ""
    if not image:
        yield required(f"{path}.image")
    elif image != image.strip():
        yield invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    yield from _check_ports(container.get("ports") or [], f"{path}.ports", host_network)
    for index, variable in enumerate(container.get("env") or ()):
        yield from _check_variable(variable, f"{path}.env[{index}]")
    yield from _check_mounts(container.get("volumeMounts") or [], f"{path}.volumeMounts", volumes)
    yield from _check_resources(container.get("resources") or {}, f"{path}.resources")
    for key in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(key) is not None:
            yield from _check_probe(container[key], f"{path}.{key}", strict=key != "readinessProbe")
    for name, hook in (container.get("lifecycle") or {}).items():
        if name in HOOKS and not any(hook.get(key) is not None for key in HANDLERS):
            yield required(f"{path}.lifecycle.{name}", "must specify a handler type")
    context = container.get("securityContext") or {}
    if context.get("privileged") and context.get("allowPrivilegeEscalation") is False:
        why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        yield invalid(f"{path}.securityContext", context, why)


def _check_ports(ports: list[Obj], path: str, host_network: bool) -> Iterator[Cause]:
    for index, port in enumerate(ports):
        at = f"{path}[{index}]"
        if port.get("containerPort") == 0:
            yield required(f"{at}.containerPort")
        else:
            yield from check_port(port.get("containerPort"), f"{at}.containerPort")
        if port.get("hostPort"):
            yield from check_port(port["hostPort"], f"{at}.hostPort")
            if host_network and port["hostPort"] != port.get("containerPort"):
                why = "must match `containerPort` when `hostNetwork` is true"
                yield invalid(f"{at}.hostPort", port["hostPort"], why)
        if port.get("name"):
            yield from check_port_name(port["name"], f"{at}.name")
    yield from check_unique(ports, path, "name")


def _check_variable(variable: Obj, path: str) -> Iterator[Cause]:
    name = variable.get("name") or ""
    if name and not re.fullmatch(r"[ -<>-~]+", name):
        why = "a valid environment variable name must consist only of printable ASCII characters other than '='"
        yield invalid(f"{path}.name", name, why)
    source = variable.get("valueFrom")
    if source is None:
        return
    if variable.get("value"):
        yield invalid(f"{path}.valueFrom", "", "may not be specified when `value` is not empty")
    elif not source:
        why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        yield invalid(f"{path}.valueFrom", "", why)
    elif len(source) > 1:
        yield invalid(f"{path}.valueFrom", "", "may not have more than one field specified at a time")
    field = lookup(source, "fieldRef", "fieldPath")
    if field and not FIELD_PATHS.fullmatch(field):
        why = f"error converting fieldPath: field label not supported: {field}"
        yield invalid(f"{path}.valueFrom.fieldRef.fieldPath", field, why)


def _check_mounts(mounts: list[Obj], path: str, volumes: Collection[str]) -> Iterator[Cause]:
    places: set[str] = set()
    for index, mount in enumerate(mounts):
        name, place = mount.get("name"), mount.get("mountPath")
        if name and name not in volumes:
            yield Cause(f"{path}[{index}].name", f'Not found: "{name}"', "FieldValueNotFound")
        if place and place in places:
            yield invalid(f"{path}[{index}].mountPath", place, "must be unique")
        places.add(place or "")


def _check_resources(resources: Obj, path: str) -> Iterator[Cause]:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            at = f"{path}.{kind}[{name}]"
            if "/" not in name and name not in STANDARD and not name.startswith("hugepages-"):
                yield invalid(at, name, "must be a standard resource type or fully qualified")
                yield invalid(at, name, "must be a standard resource for containers")
            elif (parse_quantity(amount) or 0) < 0:
                yield invalid(at, amount, "must be greater than or equal to 0")
    for name in sorted(requests.keys() & limits.keys()):
        if (parse_quantity(requests[name]) or 0) > (parse_quantity(limits[name]) or 0):
            why = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid(f"{path}.requests", requests[name], why)


def _check_probe(probe: Obj, path: str, *, strict: bool) -> Iterator[Cause]:
    handlers = [key for key in HANDLERS if probe.get(key) is not None]
    if not handlers:
        yield required(path, "must specify a handler type")
    for extra in handlers[1:]:
        yield forbidden(f"{path}.{extra}", "may not specify more than 1 handler type")
    if handlers and handlers[0] == "exec" and not probe["exec"].get("command"):
        yield required(f"{path}.exec.command")
    for key in handlers[:1]:
        if "port" in probe[key]:
            yield from check_port_or_name(probe[key]["port"], f"{path}.{key}.port")
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        if (value := probe.get(field)) is not None and value < 0:
            yield invalid(f"{path}.{field}", value, "must be greater than or equal to 0")
    if strict and probe.get("successThreshold", 1) > 1:
        yield invalid(f"{path}.successThreshold", probe["successThreshold"], "must be 1")
