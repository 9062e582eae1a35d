"""A case that went wrong, for people to repeat: its policies as YAML, and a shell script of kubectl commands."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping

import yaml

from pytest_k8snet.policy.case_writer import InFull
from pytest_k8snet.policy.cases import Manifest, is_cluster_wide
from pytest_k8snet.policy.cluster_wide import confined, renamed
from pytest_k8snet.policy.placeholders import NAMESPACE_NAME, concrete
from pytest_k8snet.policy.played import Played
from pytest_k8snet.policy.world import State
from pytest_k8snet.probe.observation import CONNECTS

PREFIX = "by-hand-"
MOST_PROBES = 10
SERVE = (
    "import socket,threading as t\n"
    "def tcp(p):\n"
    " s=socket.create_server(('::',p),family=socket.AF_INET6,dualstack_ipv6=True)\n"
    " while True: s.accept()[0].close()\n"
    "def udp(p):\n"
    " s=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM);s.setsockopt(41,26,0);s.bind(('::',p))\n"
    " while True: s.sendto(*s.recvfrom(99))\n"
    "[t.Thread(target=f,args=(p,)).start() for f in (tcp,udp) for p in (80,81)]"
)
ASK = {
    "tcp": "import socket,sys;socket.create_connection((sys.argv[1],int(sys.argv[2])),2);print('connected')",
    "udp": "import socket,sys;a=socket.getaddrinfo(sys.argv[1],int(sys.argv[2]),type=2)[0];s=socket.socket(*a[:3]);"
    "s.settimeout(2);s.sendto(b'x',a[4]);s.recv(9);print('connected')",
}


FUNCTIONS = """
address() {  # NAMESPACE POD ipv4|ipv6
    kubectl -n "$1" get pod "$2" -o jsonpath='{range .status.podIPs[*]}{.ip}{"\\n"}{end}' |
        if [ "$3" = ipv6 ]; then grep :; else grep -v :; fi
}
ask() {  # NAMESPACE POD PROGRAM ADDRESS PORT
    kubectl -n "$1" exec "$2" -- python3 -c "$3" "$4" "$5" || echo 'not connected'
}
"""


def manifests(state: State, prefix: str = "") -> str:
    """Return the policies of an arena as YAML, in namespaces with this prefix before the case's names."""
    names = {name: f"{prefix}{name}" for name in state.namespaces}
    policies = [_elsewhere(policy, names, prefix) for policy in state.policies.values()]
    text: str = yaml.dump_all(policies, Dumper=InFull, sort_keys=False)
    return text if policies else "(no policies)\n"


def _elsewhere(policy: Manifest, names: Mapping[str, str], prefix: str) -> Manifest:
    """Return a policy with other names of namespaces; with a prefix, a cluster-wide one is about these only."""
    made = concrete(policy, names, {}, {}, {}, ())
    if not prefix or not is_cluster_wide(made):
        return made
    requirement = {"key": NAMESPACE_NAME, "operator": "In", "values": [*names.values()]}
    return renamed(confined(made, requirement), prefix)


def script(state: State, played: Played, image: str) -> str:
    """Return a shell script that makes the arena as it is now, its policies, and the probes that went wrong."""
    case, number = played.case, len(played.steps)
    namespaces = [f"{PREFIX}{name}" for name in state.namespaces]
    lines = [
        "#!/bin/sh",
        f"# {case.id}, step {number}: {case.title}",
        "# Makes namespaces, pods and policies, asks what was not as expected, and removes them.",
        "# Addresses in an ipBlock are those of the run: put those of the new pods in their place.",
        "set -eu",
        f"image=${{IMAGE:-{image}}}",
        f"trap 'kubectl delete --wait=false {' '.join([*_wide(state), *_typed('namespace', namespaces)])}' EXIT",
        FUNCTIONS,
        *_namespaces(state),
        *_pods(state),
        f"for namespace in {' '.join(namespaces)}; do kubectl -n $namespace wait --for=condition=Ready pod --all; done",
        f"kubectl apply -f - <<'POLICIES'\n{manifests(state, PREFIX)}POLICIES" if state.policies else "",
        *_probes(played),
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _wide(state: State) -> Iterator[str]:
    """Yield the cluster-wide policies, as kubectl names objects of several kinds."""
    for policy in filter(is_cluster_wide, state.policies.values()):
        yield f"{policy['kind'].lower()}/{renamed(policy, PREFIX)['metadata']['name']}"


def _typed(kind: str, names: Iterable[str]) -> list[str]:
    return [f"{kind}/{name}" for name in names]


def _namespaces(state: State) -> Iterator[str]:
    for name, labels in state.namespaces.items():
        listed = " ".join(f"{key}={value}" for key, value in labels.items() if key != NAMESPACE_NAME)
        yield f"kubectl create namespace {PREFIX}{name}"
        if listed:
            yield f"kubectl label namespace {PREFIX}{name} {listed}"


def _pods(state: State) -> Iterator[str]:
    for name, pod in state.pods.items():
        namespace, _, short = name.partition("/")
        listed = ",".join(f"{key}={value}" for key, value in pod.labels.items())
        spec = {"spec": {"nodeName": pod.node}}
        yield (
            f"kubectl -n {PREFIX}{namespace} run {short} --image=$image --labels={listed} "
            f"--overrides={shlex.quote(json.dumps(spec))} --command -- python3 -c {shlex.quote(SERVE)}"
        )


def _probes(played: Played) -> Iterator[str]:
    asked = played.steps[-1]
    for probe, expected, seen, _ in asked.table.mismatches()[:MOST_PROBES]:
        question = asked.questions[probe]
        if probe.protocol not in ASK:
            continue  # nothing in a stock image speaks SCTP
        source, target = question.source.partition("/"), question.target.partition("/")
        must = "must connect" if expected.outcomes == CONNECTS else "must not connect"
        said = f"{question.source} -> {question.target} {probe.protocol} {question.port}: {must}, {expected.because}"
        yield f"echo {shlex.quote(f'{said}; the run saw: {seen.outcome}')}"
        yield (
            f"ask {PREFIX}{source[0]} {source[2]} {shlex.quote(ASK[probe.protocol])} "
            f'"$(address {PREFIX}{target[0]} {target[2]} {question.family})" {question.port}'
        )
