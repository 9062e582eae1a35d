"""Three hosts on one machine: a client, a router and a server, as network namespaces that nobody else sees.

client 10.0.1.2 fd00:1::2 --- 1500 --- router --- 1400 --- server 10.0.2.2 fd00:2::2
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest

from pytest_k8snet.kube.exec import AgentChannel, IoLoop, LocalSession, close_all

HERE = pathlib.Path(__file__).parent
AGENT = (sys.executable, "-m", "pytest_k8snet.agent")

SET_UP = """
set -eu
unshare --net sleep infinity & client=$!
unshare --net sleep infinity & server=$!
trap 'kill $client $server' EXIT
for pid in $client $server; do
    until [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
done
on() { nsenter -t "$1" -n sh -euc "$2"; }
# No wait for duplicate addresses, no limit on ICMP errors.
prepare='for name in all default; do echo 0 > /proc/sys/net/ipv6/conf/$name/accept_dad; done
    echo 0 > /proc/sys/net/ipv4/icmp_ratelimit; echo 0 > /proc/sys/net/ipv6/icmp/ratelimit'
for pid in $$ $client $server; do on $pid "$prepare"; done

ip link add c mtu 1500 type veth peer name eth0 mtu 1500 netns $client
ip link add s mtu 1400 type veth peer name eth0 mtu 1400 netns $server
for link in lo c s; do ip link set $link up; done
ip address add 10.0.1.1/24 dev c; ip address add fd00:1::1/64 dev c nodad
ip address add 10.0.2.1/24 dev s; ip address add fd00:2::1/64 dev s nodad
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
ip route add prohibit 198.51.100.0/26; ip route add prohibit fd00:9:1::/64
ip route add unreachable 198.51.100.64/26; ip route add unreachable fd00:9:2::/64
ip route add blackhole 198.51.100.128/26; ip route add blackhole fd00:9:3::/64

up='ip link set lo up; ip link set eth0 up'
on $client "$up; ip address add 10.0.1.2/24 dev eth0; ip address add fd00:1::2/64 dev eth0 nodad"
on $client 'ip route add default via 10.0.1.1; ip route add default via fd00:1::1'
on $client 'ip route add unreachable 203.0.113.0/26; ip route add prohibit 203.0.113.64/26'
on $client 'ip route add blackhole 203.0.113.128/26; ip route add 192.0.2.0/24 dev eth0'
on $client 'echo 0 0 > /proc/sys/net/ipv4/ping_group_range'
on $server "$up; ip address add 10.0.2.2/24 dev eth0; ip address add fd00:2::2/64 dev eth0 nodad"
on $server 'ip address add 10.0.2.3/24 dev eth0; ip route add default via 10.0.2.1; ip route add default via fd00:2::1'
echo $client $server
read -r _ || true
"""

Ask = Callable[..., list[dict[str, Any]]]
Tell = Callable[..., dict[str, Any]]


class Hosts:
    """The hosts, by the process that holds each one's network namespace."""

    def __init__(self, client: str, server: str) -> None:
        self._holders = {"client": client, "server": server}

    def on(self, host: str, *command: str) -> list[str]:
        """Return the command line that runs a command on a host, under that name."""
        enter = ["nsenter", "-t", self._holders[host], "-U", "-n", "--preserve-credentials"]
        return [*enter, "env", f"K8SNET_POD={host}", "K8SNET_NAMESPACE=ns", "K8SNET_NODE=node-1", *command]


@pytest.fixture(scope="session")
def hosts() -> Iterator[Hosts]:
    command = ["unshare", "--map-root-user", "--net", "sh", "-c", SET_UP]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as network:
        assert network.stdin
        assert network.stdout
        assert network.stderr
        made = network.stdout.readline().split()
        if not made:
            network.stdin.close()
            pytest.skip(f"this machine does not let us make network namespaces: {network.stderr.read().strip()}")
        yield Hosts(*made)
        network.stdin.close()


@pytest.fixture(scope="session")
def servers(hosts: Hosts) -> Iterator[None]:
    """The agent on the server's ports 80 and 8080, and servers that misbehave."""
    with ExitStack() as running:
        for command in ([*AGENT, "serve", "--port=80", "--port=8080"], [sys.executable, str(HERE / "strangers.py")]):
            process = subprocess.Popen(hosts.on("server", *command), stdout=subprocess.PIPE, text=True)
            running.enter_context(process)
            running.callback(process.terminate)
            assert process.stdout is not None
            assert process.stdout.readline()
        yield


@pytest.fixture(scope="session")
def loop() -> Iterator[IoLoop]:
    made = IoLoop()
    yield made
    made.close()


@pytest.fixture(scope="session")
def channels(hosts: Hosts, loop: IoLoop) -> Iterator[dict[str, AgentChannel]]:
    """The exec'd role on each host."""

    def channel(host: str) -> AgentChannel:
        return AgentChannel(lambda: LocalSession.open(hosts.on(host, *AGENT, "probe")))

    made = {host: channel(host) for host in ("client", "server")}
    yield made
    loop.run(close_all(made.values()), 10)


@pytest.fixture(scope="session")
def ask(servers: None, channels: dict[str, AgentChannel], loop: IoLoop) -> Ask:
    """Run probes, by default on the client, and return their results."""

    def run(
        *probes: dict[str, Any], host: str = "client", timeout: float = 0.5, attempts: int = 1
    ) -> list[dict[str, Any]]:
        request = {"op": "probe", "timeout": timeout, "attempts": attempts, "probes": list(probes)}
        return msgspec.json.decode(loop.run(channels[host].call(request, 30))["results"], type=list[dict[str, Any]])

    return run


@pytest.fixture
def tell(servers: None, channels: dict[str, AgentChannel], loop: IoLoop) -> Tell:
    """Send any request to the exec'd role on the client."""

    def send(op: str, **fields: object) -> dict[str, Any]:
        answer = loop.run(channels["client"].call({"op": op, **fields}, 10))
        return {
            name: msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value
            for name, value in answer.items()
        }

    return send
