"""The certificate of the API server: made anew for every cluster."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

LOOPBACK = ("127.0.0.1", "localhost", "kubernetes")


@dataclass(frozen=True)
class Identity:
    """What the server shows (``context``) and what clients need to believe it (``ca_pem``)."""

    context: ssl.SSLContext
    ca_pem: str


def make_identity(*names: str) -> Identity:
    """A new certificate for ``names`` (host names or addresses), by an authority that signs nothing else."""
    import trustme  # 0.1 s that only the process which serves should pay

    authority = trustme.CA(organization_name="pytest-k8snet embedded cluster")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or LOOPBACK)).configure_cert(context)
    return Identity(context, authority.cert_pem.bytes().decode())
