"""The file by which kubectl and clients find the cluster."""

from __future__ import annotations

import base64
from pathlib import Path

NAME = "k8snet-embedded"


def kubeconfig(server: str, ca_pem: str, token: str) -> str:
    """Return a kubeconfig for the API at ``server``, an https URL."""
    authority = base64.b64encode(ca_pem.encode()).decode()
    return f"""\
apiVersion: v1
kind: Config
current-context: {NAME}
clusters:
- name: {NAME}
  cluster:
    server: {server}
    certificate-authority-data: {authority}
users:
- name: {NAME}
  user:
    token: {token}
contexts:
- name: {NAME}
  context:
    cluster: {NAME}
    user: {NAME}
    namespace: default
"""


def read_kubeconfig(file: Path) -> tuple[str, str, str]:
    """Return server, token and authority (PEM) of a file that ``kubeconfig`` made. Raises OSError."""
    import yaml  # not at the top: the zygote, which is to stay small, imports this package

    content = yaml.safe_load(file.read_text())
    cluster = content["clusters"][0]["cluster"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    return cluster["server"], content["users"][0]["user"]["token"], authority
