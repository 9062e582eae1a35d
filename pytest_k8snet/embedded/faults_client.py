"""The owner's way to the faults of a running cluster and to the state of its network: ``/k8snet`` of its API."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import Any, NamedTuple

from pytest_k8snet.errors import K8sNetError

SECONDS = 30.0


class FaultError(K8sNetError):
    """The cluster refused to inject or restore a fault; the message is what it said."""


class KnownFault(NamedTuple):
    """A fault of the catalogue. ``breaks`` says in a few words what does not work while it is ``active``."""

    name: str
    layer: str
    breaks: str
    active: bool


class FaultsClient:
    """Asks the API at ``server`` with ``token``; ``ca_pem`` is the authority that signed its certificate."""

    def __init__(self, server: str, token: str, ca_pem: str) -> None:
        self._url = f"{server}/k8snet"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._context = ssl.create_default_context(cadata=ca_pem)

    def known(self) -> list[KnownFault]:
        """Return all faults."""
        items = self._request("GET", "/faults")["items"]
        return [KnownFault(item["name"], item["layer"], item["title"], item["active"]) for item in items]

    def network_state(self) -> dict[str, list[str]]:
        """Return what the kernel knows of the network: lines by the name of a node, an outside host or a pod."""
        namespaces: dict[str, list[str]] = self._request("GET", "/network")["namespaces"]
        return namespaces

    def inject(self, name: str) -> None:
        """Put a fault in. Raises FaultError."""
        self._request("POST", f"/faults/{name}")

    def restore(self, name: str) -> None:
        """Take a fault out. Raises FaultError."""
        self._request("DELETE", f"/faults/{name}")

    def _request(self, method: str, path: str) -> dict[str, Any]:
        request = urllib.request.Request(self._url + path, headers=self._headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=SECONDS) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            raise FaultError(json.load(error).get("message", str(error))) from error
        except OSError as error:
            raise FaultError(f"the cluster at {self._url} did not answer: {error}") from error
        return answer
