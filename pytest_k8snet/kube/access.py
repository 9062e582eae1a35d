"""How to reach a cluster: from a kubeconfig to what the API client and the exec streams need."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import yaml
from kubernetes import client, config
from kubernetes.client.rest import should_bypass_proxies

from pytest_k8snet.errors import UsageError
from pytest_k8snet.kube.endpoint import ApiEndpoint


@dataclass(frozen=True)
class Access:
    """How to reach a cluster. An empty ``kubeconfig`` means the service account of the pod that we run in.

    ``scratch`` is a folder of the run's own for certificates and the discovery cache.
    """

    kubeconfig: str
    context: str
    scratch: Path

    def configuration(self) -> client.Configuration:
        """Return the client configuration. Raises UsageError when the kubeconfig cannot be used."""
        made = client.Configuration()
        try:
            if self.kubeconfig:
                config.load_kube_config(
                    self.kubeconfig,
                    context=self.context or None,
                    client_configuration=made,
                    persist_config=False,
                    temp_file_path=str(self.scratch),
                )
            else:
                config.load_incluster_config(client_configuration=made)
            if not str(made.host).startswith(("https://", "http://")):
                raise config.ConfigException(f"the server of its cluster is {made.host!r}, which is no URL")
        except (config.ConfigException, yaml.YAMLError, OSError, TypeError, ValueError) as error:
            raise UsageError(
                f"the kubeconfig {self.kubeconfig or '(service account)'} cannot be used: {error}",
                hint="Look at it with 'kubectl config get-contexts' and name file and context: "
                "--k8snet-kubeconfig FILE --k8snet-context NAME",
            ) from error
        made.retries = False
        return made


def endpoint_of(made: client.Configuration) -> ApiEndpoint:
    """Return what the exec streams need to reach the API of a client configuration in the same name."""

    def headers() -> dict[str, str]:
        token = made.auth_settings().get("BearerToken", {}).get("value")
        return {"Authorization": token} if token else {}

    direct = not made.proxy or should_bypass_proxies(made.host, made.no_proxy or "")
    proxy = None if direct else made.proxy
    return ApiEndpoint(made.host, _ssl_context(made), headers, proxy, made.tls_server_name or None)


def _ssl_context(made: client.Configuration) -> ssl.SSLContext | bool:
    if not made.host.startswith("https"):
        return True
    context = ssl.create_default_context(cafile=made.ssl_ca_cert)
    if made.cert_file:
        context.load_cert_chain(made.cert_file, made.key_file)
    if not made.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
