"""Questions from a pod to the cluster's name servers. The replicas are asked at their own addresses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import dns.flags
import dns.message

from tests.embedded.conftest import SECONDS, Object, Space, addresses, is_ready

ASK = """
import json, socket, struct, sys
answers = []
for address, tcp, query in json.loads(sys.argv[1]):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
    opened.settimeout(float(sys.argv[2]))
    try:
        opened.connect((address, 53))
        wire = bytes.fromhex(query)
        opened.sendall((struct.pack("!H", len(wire)) if tcp else b"") + wire)
        if tcp:
            length = struct.unpack("!H", opened.recv(2, socket.MSG_WAITALL))[0]
            answers.append(opened.recv(length, socket.MSG_WAITALL).hex())
        else:
            answers.append(opened.recv(65535).hex())
    except OSError as error:
        answers.append(type(error).__name__)
print(json.dumps(answers))
"""

SENDER = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
opened = socket.socket(family, socket.SOCK_DGRAM)
opened.settimeout(1.5)
opened.sendto(bytes.fromhex(sys.argv[2]), (sys.argv[1], 53))
try:
    print(opened.recvfrom(65535)[1][0])
except TimeoutError:
    print("TimeoutError")
"""

FETCH = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())
except urllib.error.HTTPError as error:
    print(error.code)
"""


class Client:
    """Asks from a pod."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.servers = [addresses(pod) for pod in self.replicas()]
        space.create("client")
        space.wait("client")

    def replicas(self) -> list[Object]:
        """The pods of the name server by name, when both are Ready."""
        deadline = time.monotonic() + SECONDS
        while True:
            pods = self.space.api.objects("v1", "Pod", "kube-system")
            ready = [pod for pod in pods if pod["metadata"]["labels"].get("k8s-app") == "kube-dns" and is_ready(pod)]
            if len(ready) == 2:
                return sorted(ready, key=lambda pod: str(pod["metadata"]["name"]))
            assert time.monotonic() < deadline, f"expected two replicas Ready, seen {[p['status'] for p in pods]}"
            time.sleep(0.05)

    def ask(self, name: str, kind: str = "A", server: str = "", tcp: bool = False, **edns: Any) -> dns.message.Message:
        """The answer to one question, by the first replica unless another is named."""
        query = dns.message.make_query(f"{name}.", kind, **edns)
        answer = dns.message.from_wire(bytes.fromhex(self._exchange(query, server, tcp, seconds=5)))
        assert query.is_response(answer)
        return answer

    def outcome(self, name: str, kind: str, server: str, tcp: bool = False, seconds: float = 1.5, **edns: Any) -> str:
        """The response code, "truncated", or the error's name."""
        query = dns.message.make_query(f"{name}.", kind, **edns)
        seen = self._exchange(query, server, tcp, seconds)
        if seen.endswith("Error"):
            return seen
        answer = dns.message.from_wire(bytes.fromhex(seen))
        return "truncated" if answer.flags & dns.flags.TC else answer.rcode().name

    def sender(self, name: str, server: str) -> str:
        """The address that the answer by UDP comes from, or "TimeoutError"."""
        query = dns.message.make_query(f"{name}.", "A").to_wire().hex()
        return self.space.exec("client", "python3", "-c", SENDER, server, query).stdout.strip()

    def _exchange(self, query: dns.message.Message, server: str, tcp: bool, seconds: float) -> str:
        question = json.dumps([[server or self.servers[0][0], tcp, query.to_wire().hex()]])
        done = self.space.exec("client", "python3", "-c", ASK, question, str(seconds))
        assert done.exit_code == 0, done.stderr
        (answer,) = json.loads(done.stdout)
        return str(answer)

    def values(self, name: str, kind: str = "A", server: str = "", tcp: bool = False) -> list[str]:
        """The values of a type in the answer, sorted."""
        answer = self.ask(name, kind, server, tcp)
        return sorted(r.to_text() for s in answer.answer for r in s if s.rdtype.name == kind)

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not seen within {SECONDS:g} s: {what}"
            time.sleep(0.05)

    def fetch(self, url: str) -> str:
        """A page, or the number of the error."""
        return self.space.exec("client", "python3", "-c", FETCH, url).stdout.strip()
