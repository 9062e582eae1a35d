"""Pod Security Standards *baseline* and *restricted* as namespaces ask for them by label, in the words of Kubernetes.

Left out is what the embedded cluster has nothing of: SELinux and Windows options, AppArmor annotations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from . import status
from .objects import Obj, labels_of, lookup, name_of, namespace_of
from .pod_levels import LABEL
from .resource import Resource
from .store import Store

DEFAULT_CAPABILITIES = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
SAFE_SYSCTLS = frozenset(
    [
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    ]
)
RESTRICTED_VOLUMES = frozenset(
    [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
        "image",
    ]
)

Check = Callable[[Obj], str]
"""What is wrong with a pod's spec, as ``reason (detail)``; empty when nothing is."""


def enforce_pod_security(store: Store, resource: Resource, obj: Obj, old: Obj | None) -> Iterable[str]:
    """Refuse a new pod that its namespace does not allow, warn about one that it only warns of (admission rule)."""
    if resource.plural != "pods" or old is not None:
        return
    labels = labels_of(store.need("namespaces", namespace_of(obj)))
    level, shown = _level(labels, "enforce")
    if broken := violations(obj["spec"], level):
        raise status.forbidden("pods", name_of(obj), f'violates PodSecurity "{shown}": {", ".join(broken)}')
    level, shown = _level(labels, "warn")
    if broken := violations(obj["spec"], level):
        yield f'would violate PodSecurity "{shown}": {", ".join(broken)}'


def _level(labels: dict[str, str], mode: str) -> tuple[str, str]:
    level = labels.get(LABEL + mode, "privileged")
    return level, f"{level}:{labels.get(f'{LABEL}{mode}-version', 'latest')}"


def violations(spec: Obj, level: str) -> list[str]:
    """How a pod's spec breaks a level, in the order of Kubernetes."""
    checks = {"baseline": BASELINE, "restricted": RESTRICTED}.get(level, ())
    return [text for text in (check(spec) for check in checks) if text]


def _containers(spec: Obj) -> Iterator[Obj]:
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or ()


def _names(what: str, names: Iterable[str], plural: str = "") -> str:
    """``container "a"`` or ``containers "a", "b"``."""
    quoted = [f'"{name}"' for name in names]
    return f"{what if len(quoted) == 1 else plural or what + 's'} {', '.join(quoted)}"


def _which(spec: Obj, wrong: Callable[[Obj], bool]) -> list[str]:
    """The names of the containers of which ``wrong`` holds."""
    return [str(container["name"]) for container in _containers(spec) if wrong(container)]


def _context(part: Obj, *path: str) -> Any:
    return lookup(part, "securityContext", *path)


def _pod_and(spec: Obj, wrong: Callable[[Obj], bool]) -> str:
    """``pod and container "c"``: which of a pod and its containers are wrong; empty when none is."""
    guilty = ["pod"] if wrong(spec) else []
    if names := _which(spec, wrong):
        guilty.append(_names("container", names))
    return " and ".join(guilty)


def _apparmor(spec: Obj) -> str:
    guilty = _pod_and(spec, lambda part: _context(part, "appArmorProfile", "type") == "Unconfined")
    return f'forbidden AppArmor profile ({guilty} must not set AppArmor profile type to "Unconfined")' if guilty else ""


def _added(container: Obj, allowed: Iterable[str]) -> set[str]:
    return set(_context(container, "capabilities", "add") or ()) - set(allowed)


def _forbidden_additions(spec: Obj, allowed: Iterable[str]) -> str:
    names = _which(spec, lambda container: bool(_added(container, allowed)))
    added = sorted(set().union(*(_added(container, allowed) for container in _containers(spec))))
    listed = ", ".join(f'"{capability}"' for capability in added)
    return (
        f"{_names('container', names)} must not include {listed} in securityContext.capabilities.add" if names else ""
    )


def _capabilities(spec: Obj) -> str:
    text = _forbidden_additions(spec, DEFAULT_CAPABILITIES)
    return f"non-default capabilities ({text})" if text else ""


def _capabilities_restricted(spec: Obj) -> str:
    keeping = _which(spec, lambda container: "ALL" not in (_context(container, "capabilities", "drop") or ()))
    must_drop = f'{_names("container", keeping)} must set securityContext.capabilities.drop=["ALL"]' if keeping else ""
    parts = [part for part in (must_drop, _forbidden_additions(spec, ("NET_BIND_SERVICE",))) if part]
    return f"unrestricted capabilities ({'; '.join(parts)})" if parts else ""


def _host_namespaces(spec: Obj) -> str:
    used = [f"{key}=true" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    return f"host namespaces ({', '.join(used)})" if used else ""


def _host_paths(spec: Obj) -> str:
    names = [volume["name"] for volume in spec.get("volumes") or () if volume.get("hostPath") is not None]
    return f"hostPath volumes ({_names('volume', names)})" if names else ""


def _host_ports(spec: Obj) -> str:
    ports = {
        container["name"]: [str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")]
        for container in _containers(spec)
    }
    names = [name for name, used in ports.items() if used]
    numbers = list(dict.fromkeys(number for used in ports.values() for number in used))
    word = "hostPort" if len(numbers) == 1 else "hostPorts"
    verb = "uses" if len(names) == 1 else "use"
    return f"hostPort ({_names('container', names)} {verb} {word} {', '.join(numbers)})" if names else ""


def _hosts(container: Obj) -> list[str]:
    actions = [container.get(key) for key in ("livenessProbe", "readinessProbe", "startupProbe")]
    actions += [lookup(container, "lifecycle", key) for key in ("postStart", "preStop")]
    found = [lookup(action, kind, "host") for action in actions for kind in ("httpGet", "tcpSocket")]
    return [str(host) for host in found if host and host not in ("127.0.0.1", "::1")]


def _probe_hosts(spec: Obj) -> str:
    names = _which(spec, lambda container: bool(_hosts(container)))
    hosts = sorted({host for container in _containers(spec) for host in _hosts(container)})
    verb = "uses" if len(names) == 1 else "use"
    listed = _names("probe or lifecycle host", hosts)
    return f"probe or lifecycle host ({_names('container', names)} {verb} {listed})" if names else ""


def _privileged(spec: Obj) -> str:
    names = _which(spec, lambda container: _context(container, "privileged") is True)
    return f"privileged ({_names('container', names)} must not set securityContext.privileged=true)" if names else ""


def _proc_mount(spec: Obj) -> str:
    names = _which(spec, lambda container: _context(container, "procMount") not in (None, "Default"))
    text = f'{_names("container", names)} must not set securityContext.procMount to "Unmasked"'
    return f"procMount ({text})" if names else ""


def _unconfined(part: Obj) -> bool:
    return bool(_context(part, "seccompProfile", "type") == "Unconfined")


def _seccomp(spec: Obj) -> str:
    guilty = _pod_and(spec, _unconfined)
    return (
        f'seccompProfile ({guilty} must not set securityContext.seccompProfile.type to "Unconfined")' if guilty else ""
    )


def _seccomp_restricted(spec: Obj) -> str:
    if wrong := _seccomp(spec):
        return wrong
    if _context(spec, "seccompProfile", "type"):
        return ""
    names = _which(spec, lambda container: not _context(container, "seccompProfile", "type"))
    text = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return f"seccompProfile (pod or {_names('container', names)} {text})" if names else ""


def _sysctls(spec: Obj) -> str:
    names = [str(entry["name"]) for entry in _context(spec, "sysctls") or () if entry["name"] not in SAFE_SYSCTLS]
    return f"forbidden sysctls ({', '.join(names)})" if names else ""


def _escalation(spec: Obj) -> str:
    names = _which(spec, lambda container: _context(container, "allowPrivilegeEscalation") is not False)
    text = f"{_names('container', names)} must set securityContext.allowPrivilegeEscalation=false"
    return f"allowPrivilegeEscalation != false ({text})" if names else ""


def _volume_types(spec: Obj) -> str:
    wrong = [
        (v["name"], key) for v in spec.get("volumes") or () for key in v if key not in {"name", *RESTRICTED_VOLUMES}
    ]
    if not wrong:
        return ""
    verb = "uses" if len(wrong) == 1 else "use"
    kinds = sorted({kind for _, kind in wrong})
    listed = f"{_names('volume', [name for name, _ in wrong])} {verb} {_names('restricted volume type', kinds)}"
    return f"restricted volume types ({listed})"


def _run_as_non_root(spec: Obj) -> str:
    denied = _pod_and(spec, lambda part: _context(part, "runAsNonRoot") is False)
    if denied:
        return f"runAsNonRoot != true ({denied} must not set securityContext.runAsNonRoot=false)"
    if _context(spec, "runAsNonRoot"):
        return ""
    names = _which(spec, lambda container: _context(container, "runAsNonRoot") is None)
    text = f"pod or {_names('container', names)} must set securityContext.runAsNonRoot=true"
    return f"runAsNonRoot != true ({text})" if names else ""


def _run_as_user(spec: Obj) -> str:
    guilty = _pod_and(spec, lambda part: _context(part, "runAsUser") == 0)
    return f"runAsUser=0 ({guilty} must not set runAsUser=0)" if guilty else ""


BASELINE: tuple[Check, ...] = (
    _apparmor,
    _capabilities,
    _host_namespaces,
    _host_paths,
    _host_ports,
    _probe_hosts,
    _privileged,
    _proc_mount,
    _seccomp,
    _sysctls,
)
RESTRICTED: tuple[Check, ...] = (
    *(check for check in BASELINE if check not in (_capabilities, _host_paths, _seccomp)),
    _escalation,
    _capabilities_restricted,
    _volume_types,
    _run_as_non_root,
    _run_as_user,
    _seccomp_restricted,
)
