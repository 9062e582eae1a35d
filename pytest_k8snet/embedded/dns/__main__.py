"""``python3 -m pytest_k8snet.embedded.dns FOLDER``: a replica of the cluster's name server.

``FOLDER`` holds the API's socket ``api.sock`` and the file ``token``.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from pytest_k8snet.embedded.dns.program import serve
from pytest_k8snet.embedded.dns.watch import Api

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.exit(asyncio.run(serve(Api(folder / "api.sock", folder / "token"))))
