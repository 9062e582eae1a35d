"""The environment variables by which a container finds Services. Pure.

https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables; names as the kubelet makes them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from pytest_k8snet.embedded.api.objects import Obj, name_of

NO_ADDRESS = ("", "None")


def service_links(services: Iterable[Obj]) -> dict[str, str]:
    """Return the variables of Services with a cluster IP, for a container that is started now."""
    return {name: value for service in services if _address(service) not in NO_ADDRESS for name, value in _of(service)}


def _address(service: Obj) -> str:
    return str(service["spec"].get("clusterIP") or "")


def _of(service: Obj) -> Iterator[tuple[str, str]]:
    prefix, address, ports = _variable(name_of(service)), _address(service), service["spec"]["ports"]
    yield f"{prefix}_SERVICE_HOST", address
    yield f"{prefix}_SERVICE_PORT", str(ports[0]["port"])
    for port in ports:
        if port.get("name"):
            yield f"{prefix}_SERVICE_PORT_{_variable(port['name'])}", str(port["port"])
    yield f"{prefix}_PORT", _url(address, ports[0])
    for port in ports:
        link = f"{prefix}_PORT_{port['port']}_{_protocol(port)}"
        yield link, _url(address, port)
        yield f"{link}_PROTO", _protocol(port).lower()
        yield f"{link}_PORT", str(port["port"])
        yield f"{link}_ADDR", address


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _protocol(port: Obj) -> str:
    return str(port.get("protocol") or "TCP")


def _url(address: str, port: Obj) -> str:
    host = f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
    return f"{_protocol(port).lower()}://{host}:{port['port']}"
