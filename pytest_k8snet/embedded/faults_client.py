"""The owner's way to the fault catalogue of a running cluster: ``/k8snet/faults`` of its API."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from pytest_k8snet.errors import K8sNetError

SECONDS = 30.0


class FaultError(K8sNetError):
    """The cluster refused to inject or restore a fault; the message is what it said."""


class FaultsClient:
    """Asks the API at ``server`` with ``token``; ``ca_pem`` is the authority that signed its certificate."""

    def __init__(self, server: str, token: str, ca_pem: str) -> None:
        self._url = f"{server}/k8snet/faults"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._context = ssl.create_default_context(cadata=ca_pem)

    def names(self) -> list[str]:
        """Return the names of all faults."""
        return [fault["name"] for fault in self._request("GET", "")["items"]]

    def inject(self, name: str) -> None:
        """Put a fault in. Raises FaultError."""
        self._request("POST", f"/{name}")

    def restore(self, name: str) -> None:
        """Take a fault out. Raises FaultError."""
        self._request("DELETE", f"/{name}")

    def _request(self, method: str, path: str) -> dict[str, Any]:
        request = urllib.request.Request(self._url + path, headers=self._headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=SECONDS) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            raise FaultError(json.load(error).get("message", str(error))) from error
        return answer
