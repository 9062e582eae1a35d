"""Where the API is and how to speak to it: all that an exec stream needs to know of a kubeconfig."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ApiEndpoint:
    """The API server at the URL ``server``, which may end in a path.

    ``headers`` is called for each connection, because tokens are renewed; ``ssl`` is as aiohttp takes it;
    ``tls_server_name`` is the name in the server's certificate when it is not the one in the URL.
    """

    server: str
    ssl: ssl.SSLContext | bool
    headers: Callable[[], dict[str, str]]
    proxy: str | None = None
    tls_server_name: str | None = None
