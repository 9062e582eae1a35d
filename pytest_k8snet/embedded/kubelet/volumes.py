"""Volumes and the files that a kubelet writes for a pod, made in a folder of the pod in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.container.spec import Bind
from pytest_k8snet.embedded.kubelet.environment import ConfigError, Lookup, binary_data, field_value

FILE_MODE = 0o644


class MountError(RuntimeError):
    """A volume cannot be set up (yet): the pod waits with a FailedMount event."""


class Volume(NamedTuple):
    """A volume that was made. Everything but an emptyDir is read-only, also what is the machine's (hostPath)."""

    path: Path
    read_only: bool


def make_volumes(pod: Obj, folder: Path, lookup: Lookup) -> dict[str, Volume]:
    """Write all volumes of a pod below ``folder``; return them by name. Raises MountError."""
    made = {}
    for volume in pod["spec"].get("volumes") or ():
        name = volume["name"]
        try:
            made[name] = _make_volume(pod, volume, folder / name, lookup)
        except (MountError, ConfigError) as error:
            raise MountError(f'volume "{name}" : {error}') from error
    return made


def mounts_of(container: Obj, volumes: dict[str, Volume]) -> Iterator[Bind]:
    """The binds of one container's volumeMounts. Raises MountError for a volume that the pod does not have."""
    for mount in container.get("volumeMounts") or ():
        if mount["name"] not in volumes:
            raise MountError(f'volumeMount "{mount["mountPath"]}": volume "{mount["name"]}" not found')
        volume = volumes[mount["name"]]
        source = volume.path / (mount.get("subPath") or "")
        if not source.exists() and not volume.read_only:
            source.mkdir(parents=True)
        yield Bind(str(source), mount["mountPath"], read_only=volume.read_only or bool(mount.get("readOnly")))


def write_network_files(
    folder: Path,
    hostname: str,
    addresses: Sequence[str],
    aliases: Sequence[Obj],
    resolv_conf: Sequence[str],
    host_network: bool = False,
    domain: str = "",
    change: Callable[[str, Sequence[str]], Sequence[str]] = lambda file, lines: lines,
) -> list[Bind]:
    """Write hosts, hostname and resolv.conf as a kubelet does; return their binds into /etc.

    ``change`` is for faults: from a file and its lines to those that are written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = f"{hostname}.{domain}\t{hostname}" if domain else hostname
    hosts = [
        f"# Kubernetes-managed hosts file{' (host network)' if host_network else ''}.",
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        "fe00::0\tip6-localnet",
        "fe00::0\tip6-mcastprefix",
        "fe00::1\tip6-allnodes",
        "fe00::2\tip6-allrouters",
        *(f"{address}\t{names}" for address in addresses),
    ]
    if aliases:
        entries = ["\t".join([alias["ip"], *(alias.get("hostnames") or ())]) for alias in aliases]
        hosts += ["", "# Entries added by HostAliases.", *entries]
    files = {"hosts": hosts, "hostname": [hostname], "resolv.conf": resolv_conf}
    for name, lines in files.items():
        (folder / name).write_text("\n".join(change(name, lines)) + "\n")
    return [Bind(str(folder / name), f"/etc/{name}", read_only=False) for name in files]


def _make_volume(pod: Obj, volume: Obj, folder: Path, lookup: Lookup) -> Volume:
    kind = next((kind for kind in volume if kind != "name"), "emptyDir")
    if kind == "hostPath":
        return Volume(Path(volume["hostPath"]["path"]), read_only=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in _content(pod, kind, volume.get(kind) or {}, lookup):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(int((volume.get(kind) or {}).get("defaultMode") or FILE_MODE))
    return Volume(folder, read_only=kind != "emptyDir")


def _content(pod: Obj, kind: str, source: dict[str, Any], lookup: Lookup) -> Iterator[tuple[str, bytes]]:
    match kind:
        case "emptyDir":
            return
        case "configMap":
            yield from _entries("configmaps", source.get("name", ""), source, lookup)
        case "secret":
            yield from _entries("secrets", source.get("secretName") or source.get("name", ""), source, lookup)
        case "downwardAPI":
            for item in source.get("items") or ():
                yield item["path"], field_value(pod, item["fieldRef"]["fieldPath"]).encode()
        case "projected":
            for part in source.get("sources") or ():
                for inner, spec in part.items():
                    yield from _content(pod, inner, spec, lookup)
        case "serviceAccountToken":
            yield source.get("path", "token"), b""
        case _:
            raise MountError(f"the embedded cluster has no volumes of the kind {kind}")


def _entries(plural: str, name: str, source: dict[str, Any], lookup: Lookup) -> Iterator[tuple[str, bytes]]:
    found = lookup(plural, name)
    if found is None:
        if source.get("optional"):
            return
        raise MountError(f'{plural[:-1]} "{name}" not found')
    data = binary_data(found)
    if "items" not in source:
        yield from data.items()
        return
    for item in source["items"]:
        if item["key"] in data:
            yield item["path"], data[item["key"]]
        elif not source.get("optional"):
            raise MountError(f'{plural[:-1]} "{name}" references non-existent config key: {item["key"]}')
