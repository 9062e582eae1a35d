"""The name server of the cluster as a program: Corefile and objects by the API, questions by the network."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
import traceback
from collections import Counter
from typing import Any

import dns.message
import dns.rcode

from pytest_k8snet.corefile import CorefileError
from pytest_k8snet.embedded.dns.answer import SERVFAIL, Question, Reply, View, question_of, to_wire
from pytest_k8snet.embedded.dns.forward import Forwarder, NoUpstreamAnswered
from pytest_k8snet.embedded.dns.resolver import ForwardingLoop, Resolver
from pytest_k8snet.embedded.dns.server import Asker, DnsSockets, parse_query
from pytest_k8snet.embedded.dns.settings import Server, read_corefile
from pytest_k8snet.embedded.dns.watch import PATHS, Api, ClusterState, follow, follow_path
from pytest_k8snet.embedded.dns.web import Page, WebServer, metrics_text

COREFILE = "/api/v1/namespaces/kube-system/configmaps?fieldSelector=metadata.name%3Dcoredns"
ALWAYS_WATCHED = ("services", "endpointslices", "namespaces")


class NameServer:
    """One replica. ``run`` serves until SIGTERM."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._state = ClusterState()
        self._counts: Counter[str] = Counter()
        self._resolver = Resolver((), self._view, self._counts)
        self._sockets: dict[int, DnsSockets] = {}
        self._web = WebServer()
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._loop_probes: set[asyncio.Task[None]] = set()
        self._corefiles: asyncio.Queue[str] = asyncio.Queue()
        self._ending = False
        self._failure: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        """Serve; return the exit code."""
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        work = [asyncio.create_task(self._follow_corefile()), asyncio.create_task(self._configure())]
        waits: list[asyncio.Future[Any]] = [asyncio.create_task(ended.wait()), self._failure, *work]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if ended.is_set():
            await self._walk_lame()
            return 0
        why = self._failure.result() if self._failure.done() else next(t.exception() for t in work if t.done())
        _say("FATAL", str(why))
        return 1

    async def _walk_lame(self) -> None:
        """Answer on while health says that this is the end (``lameduck``)."""
        self._ending = True
        seconds = max((server.lameduck for server in self._resolver.servers), default=0.0)
        _say("INFO", f"SIGTERM: shutting down after {seconds:g}s as a lame duck")
        await asyncio.sleep(seconds)

    async def _follow_corefile(self) -> None:
        def take(event: dict[str, Any]) -> None:
            if event["type"] in ("ADDED", "MODIFIED"):
                self._corefiles.put_nowait((event["object"].get("data") or {}).get("Corefile", ""))

        await follow_path(self._api, COREFILE, lambda: take)

    async def _configure(self) -> None:
        text = await self._corefiles.get()
        await self._take(read_corefile(text))
        while True:
            new = await self._corefiles.get()
            if new == text:
                continue
            text = new
            if not any(server.reload for server in self._resolver.servers):
                continue
            try:
                await self._take(read_corefile(text))
            except (CorefileError, OSError) as error:
                self._counts["coredns_reload_failed_total"] += 1
                _say("ERROR", f"Restart failed: {error}; the configuration of before stays")
            else:
                _say("INFO", "Reloading complete")

    async def _take(self, servers: tuple[Server, ...]) -> None:
        """Serve by a configuration from now on. Raises OSError, with all as before, when a port is taken."""
        opened = {}
        try:
            for port in {server.port for server in servers} - self._sockets.keys():
                opened[port] = DnsSockets(self._handle, port)
                await opened[port].open()
        except OSError:
            for sockets in opened.values():
                sockets.close()
            raise
        self._resolver = Resolver(servers, self._view, self._counts)
        for port in self._sockets.keys() - {server.port for server in servers}:
            self._sockets.pop(port).close()
        self._sockets.update(opened)
        await self._web.serve(self._pages(servers))
        self._watch_what_is_needed(servers)
        self._look_for_loops(self._resolver)

    def _watch_what_is_needed(self, servers: tuple[Server, ...]) -> None:
        verified = any(server.kubernetes and server.kubernetes.pods == "verified" for server in servers)
        wanted = {*ALWAYS_WATCHED, *(("pods",) if verified else ())}
        for plural in self._watches.keys() - wanted:
            self._watches.pop(plural).cancel()
            self._state.synced.discard(plural)
        for plural in wanted - self._watches.keys():
            self._watches[plural] = asyncio.create_task(follow(self._api, plural, self._state))

    def _look_for_loops(self, resolver: Resolver) -> None:
        for server in resolver.servers:
            if server.loop and server.forwards:
                task = asyncio.create_task(self._probe_loop(resolver, server))
                self._loop_probes.add(task)
                task.add_done_callback(self._loop_probes.discard)

    async def _probe_loop(self, resolver: Resolver, server: Server) -> None:
        question = Question(".".join(filter(None, (resolver.loop_name, server.zones[0]))), "HINFO")
        for options in server.forwards:
            try:
                await Forwarder(options).ask(question, tcp=False)
            except NoUpstreamAnswered:
                continue  # nobody there to send it back

    def _view(self) -> View:
        zones = (zone for s in self._resolver.servers if s.kubernetes for zone in s.kubernetes.zones)
        return self._state.view(dict.fromkeys(zone for zone in zones if not zone.endswith("arpa")))

    async def _handle(self, data: bytes, asker: Asker) -> bytes | None:
        query = parse_query(data)
        if not isinstance(query, dns.message.Message):
            return query
        began = time.monotonic()
        resolver, question = self._resolver, question_of(query)
        reply = question if isinstance(question, Reply) else await self._resolve(resolver, question, asker)
        if isinstance(question, Question):
            self._note(query, question, reply, asker, time.monotonic() - began)
        return to_wire(query, reply, tcp=asker.tcp)

    async def _resolve(self, resolver: Resolver, question: Question, asker: Asker) -> Reply:
        try:
            return await resolver.resolve(question, asker.served, tcp=asker.tcp)
        except ForwardingLoop as error:
            if not self._failure.done():
                self._failure.set_result(f"plugin/loop: {error}")
        except Exception:
            # One question that nobody thought of must not leave its asker without an answer.
            self._counts["coredns_panics_total"] += 1
            traceback.print_exc()
        return SERVFAIL

    def _note(self, query: dns.message.Message, question: Question, reply: Reply, asker: Asker, seconds: float) -> None:
        protocol, family = ("tcp" if asker.tcp else "udp"), ("2" if ":" in asker.address else "1")
        rcode = dns.rcode.to_text(reply.rcode)
        where = f'server="dns://:{asker.served}"'
        labels = f'family="{family}",proto="{protocol}",{where},type="{question.kind}"'
        self._counts[f"coredns_dns_requests_total{{{labels}}}"] += 1
        self._counts[f'coredns_dns_responses_total{{rcode="{rcode}",{where}}}'] += 1
        if any(server.log for server in self._resolver.servers if server.port == asker.served):
            size = len(query.to_wire())
            asked = f'"{question.kind} IN {question.name}. {protocol} {size}"'
            _say("INFO", f"{asker.address}:{asker.port} - {query.id} {asked} {rcode} {seconds:.6f}s")

    def _pages(self, servers: tuple[Server, ...]) -> dict[int, dict[str, Page]]:
        pages: dict[int, dict[str, Page]] = {}
        for server in servers:
            for port, path, page in (
                (server.health, "/health", self._health),
                (server.ready, "/ready", self._ready),
                (server.prometheus, "/metrics", lambda: (200, metrics_text(self._counts))),
            ):
                if port:
                    pages.setdefault(port, {})[path] = page
        return pages

    def _health(self) -> tuple[int, str]:
        return (503, "") if self._ending else (200, "OK")

    def _ready(self) -> tuple[int, str]:
        missing = sorted((self._watches.keys() & PATHS.keys()) - self._state.synced)
        return (503, "kubernetes") if missing or self._ending else (200, "OK")


def _say(level: str, text: str) -> None:
    sys.stdout.write(f"[{level}] {text}\n")
    sys.stdout.flush()


async def serve(api: Api) -> int:
    """Be a replica of the cluster's name server until SIGTERM; return the exit code."""
    return await NameServer(api).run()
