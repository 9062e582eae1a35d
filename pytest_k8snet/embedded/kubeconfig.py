"""The file by which kubectl and clients find the cluster."""

from __future__ import annotations

import base64

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
