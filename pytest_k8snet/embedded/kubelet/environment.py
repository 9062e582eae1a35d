"""A container's command line and environment: values, references to other objects and the downward API."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.api.quantity import parse_quantity
from pytest_k8snet.embedded.container.spec import Command

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Lookup = Callable[[str, str], Obj | None]
"""``(plural, name)`` to the object in the pod's namespace."""

KINDS = {"configmaps": "ConfigMap", "secrets": "Secret"}

_REFERENCE = re.compile(r"\$(\$|\(([A-Za-z_.][-A-Za-z0-9_.]*)\))")
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


class ConfigError(RuntimeError):
    """A container refers to something that is not there: CreateContainerConfigError until it is."""


def build_command(
    pod: Obj, container: Obj, hostname: str, lookup: Lookup, links: Mapping[str, str] | None = None
) -> Command:
    """Return what a container runs. ``links`` are the variables of Services; the container's own win.

    Raises ConfigError for a missing reference or command.
    """
    links = links or {}
    env = {"PATH": PATH, "HOME": "/root", "HOSTNAME": hostname, **links, **_environment(pod, container, lookup, links)}
    argv = [*(container.get("command") or ()), *(container.get("args") or ())]
    if not argv:
        raise ConfigError(
            f'container "{container["name"]}" has no command: the embedded cluster does not pull images, '
            "so a container must say what to run"
        )
    return Command(tuple(expand(word, env) for word in argv), env, container.get("workingDir") or "/")


def expand(text: str, env: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` by the variable; ``$$`` is a dollar sign, unknown names stay as they are."""

    def value(match: re.Match[str]) -> str:
        return "$" if match[1] == "$" else env.get(match[2], match[0])

    return _REFERENCE.sub(value, text)


def field_value(pod: Obj, path: str) -> str:
    """Return the value of a downward API field. Raises ConfigError for one that is not supported."""
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status", {})
    if subscript := _SUBSCRIPT.fullmatch(path):
        return str((metadata.get(subscript[1]) or {}).get(subscript[2], ""))
    match path:
        case "metadata.name" | "metadata.namespace" | "metadata.uid":
            return str(metadata[path.removeprefix("metadata.")])
        case "metadata.labels" | "metadata.annotations":
            entries = (metadata.get(path.removeprefix("metadata.")) or {}).items()
            return "\n".join(f'{key}="{value}"' for key, value in sorted(entries))
        case "spec.nodeName":
            return str(spec.get("nodeName", ""))
        case "spec.serviceAccountName":
            return str(spec.get("serviceAccountName") or "default")
        case "status.podIP" | "status.hostIP":
            return str(status.get(path.removeprefix("status."), ""))
        case "status.podIPs" | "status.hostIPs":
            return ",".join(entry["ip"] for entry in status.get(path.removeprefix("status."), ()))
    raise ConfigError(f'field "{path}" is not supported by the embedded cluster\'s downward API')


def resource_value(pod: Obj, container: Obj, reference: Obj) -> str:
    """Return what a container asks for of a resource, in whole divisors. Raises ConfigError where it asks for none."""
    named = reference.get("containerName") or container["name"]
    asking = next((entry for entry in pod["spec"]["containers"] if entry["name"] == named), container)
    kind, _, name = str(reference["resource"]).partition(".")
    amount = parse_quantity(((asking.get("resources") or {}).get(kind) or {}).get(name, ""))
    if amount is None:
        raise ConfigError(f'container "{named}" does not say {reference["resource"]}, and nodes have no sizes here')
    return str(math.ceil(amount / (parse_quantity(reference.get("divisor") or "1") or 1)))


def _environment(pod: Obj, container: Obj, lookup: Lookup, links: Mapping[str, str]) -> dict[str, str]:
    env: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        for kind, plural in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
            if kind in source:
                data = _data(plural, source[kind], lookup)
                env.update({source.get("prefix", "") + key: value for key, value in data.items()})
    for entry in container.get("env") or ():
        if "valueFrom" in entry:
            value = _referenced(pod, container, entry["valueFrom"], lookup)
            if value is not None:
                env[entry["name"]] = value
        else:
            env[entry["name"]] = expand(entry.get("value") or "", {**links, **env})
    return env


def _referenced(pod: Obj, container: Obj, source: dict[str, Any], lookup: Lookup) -> str | None:
    if "fieldRef" in source:
        return field_value(pod, source["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in source:
        return resource_value(pod, container, source["resourceFieldRef"])
    for kind, plural in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
        if kind in source:
            reference = source[kind]
            data = _data(plural, reference, lookup)
            if reference["key"] not in data and not reference.get("optional"):
                where = f"{KINDS[plural]} {pod['metadata']['namespace']}/{reference['name']}"
                raise ConfigError(f"couldn't find key {reference['key']} in {where}")
            return data.get(reference["key"])
    raise ConfigError(f"the embedded cluster does not support valueFrom {', '.join(source)}")


def _data(plural: str, reference: dict[str, Any], lookup: Lookup) -> dict[str, str]:
    found = lookup(plural, reference["name"])
    if found is None and not reference.get("optional"):
        raise ConfigError(f'{plural[:-1]} "{reference["name"]}" not found')
    return text_data(found or {})


def text_data(obj: Obj) -> dict[str, str]:
    """Return the entries of a ConfigMap or Secret that are text."""
    return {name: value.decode(errors="replace") for name, value in binary_data(obj).items()}


def binary_data(obj: Obj) -> dict[str, bytes]:
    """Return all entries of a ConfigMap or Secret."""
    encoded = obj.get("binaryData") if obj.get("kind") == "ConfigMap" else obj.get("data")
    plain = obj.get("data") if obj.get("kind") == "ConfigMap" else obj.get("stringData")
    decoded = {name: base64.b64decode(value) for name, value in (encoded or {}).items()}
    return {**decoded, **{name: value.encode() for name, value in (plain or {}).items()}}
