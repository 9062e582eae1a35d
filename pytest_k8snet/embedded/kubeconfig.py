"""The file by which kubectl and clients find the cluster."""

from __future__ import annotations

import base64

NAME = "k8snet-embedded"


def kubeconfig(port: int, ca_pem: str, token: str) -> str:
    """Return a kubeconfig for the API on a port of this machine."""
    authority = base64.b64encode(ca_pem.encode()).decode()
    return f"""\
apiVersion: v1
kind: Config
current-context: {NAME}
clusters:
- name: {NAME}
  cluster:
    server: https://127.0.0.1:{port}
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
