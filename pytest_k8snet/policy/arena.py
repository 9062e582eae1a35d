"""The arena: three namespaces with three probe pods each, in which policy cases are played.

What a case does is done through the Kubernetes API; what the arena is like then is kept beside that as a ``State`` in
the case's own words, of which the oracle is asked. One process has one arena, and closes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import singledispatchmethod

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.errors import ApiError, NoVerdict
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.client import Object
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.policy import cases
from pytest_k8snet.policy.cluster_wide import ONLY_NAME, confined, of_run, renamed
from pytest_k8snet.policy.placeholders import concrete
from pytest_k8snet.policy.world import PORTS, ArenaPod, State, after, located, node_place, symbolic_arena, usual_labels
from pytest_k8snet.probe.observation import Pod

POLICY = ("networking.k8s.io/v1", "NetworkPolicy")
MARK = "k8snet.io/arena"
"""The label of an arena's namespaces: cluster-wide policies of one are not about the pods of another."""


class Arena:
    """Nine pods, their namespaces and Services. ``state`` is what it is like now, ``pods`` are by the case's names."""

    def __init__(self, cluster: Cluster, purpose: str) -> None:
        self.cluster = cluster
        self.state = self._unmet()
        self.pods: dict[str, Pod] = {}
        self._purpose = purpose
        self._built = False
        self._spaces: dict[str, Namespace] = {}
        self._open: dict[str, ExitStack] = {}
        self._wide: dict[str, Object] = {}
        self._mark = labels.namespace_name(cluster.attachment.state.run_id, purpose)

    def build(self) -> None:
        """Make namespaces, pods and Services, all at once, and wait until the pods are Ready; do nothing when it is.

        Raises NoVerdict.
        """
        if self._built:
            return
        self.state = self._unmet()
        for name in self.state.namespaces:
            self._make_namespace(name, usual_labels(name))
        for name, pod in self.state.pods.items():
            self._space(name).create(self._request(name, pod))
        self._meet(self.state.pods)
        self._built = True

    def close(self) -> None:
        """Remove everything."""
        self._built = False
        for name in list(self._wide):
            # What cannot be removed now goes with the run's namespace; see cluster_wide.of_run.
            with suppress(ApiError):
                self._delete_wide(name)
        for name in list(self._open):
            self._open.pop(name).close()
        self._spaces.clear()
        self.pods.clear()

    def perform(self, action: cases.Action) -> None:
        """Change the cluster, and with it the state. Raises ApiError when the API refuses."""
        before, self.state = self.state, after(self.state, action)
        try:
            self._do(action)
        except BaseException:
            self.state = before
            raise

    def remove_policies(self) -> None:
        """Delete all policies that were made."""
        for name in list(self.state.policies):
            self.perform(cases.DeletePolicy(name))

    def service_name(self, pod: str) -> str:
        """Return the DNS name of a pod's Service, as it is written in another namespace."""
        return f"{_real_name(pod)}.{self._space(pod).name}.svc"

    @singledispatchmethod
    def _do(self, action: cases.Action) -> None:
        raise NotImplementedError(f"the arena cannot do {action}")

    @_do.register
    def _(self, action: cases.Apply) -> None:
        name = cases.named(action.policy)
        policy = self._renamed(self.state.policies[name])
        if cases.is_cluster_wide(policy):
            policy = self._own(name, policy)
        self.cluster.api.apply(policy)

    @_do.register
    def _(self, action: cases.DeletePolicy) -> None:
        if action.policy in self._wide:
            self._delete_wide(action.policy)
            return
        space, _, name = action.policy.partition("/")
        self.cluster.api.delete(*POLICY, name, self._spaces[space].name)

    @_do.register
    def _(self, action: cases.LabelPod) -> None:
        body = {"metadata": {"labels": dict(action.labels)}}
        self.cluster.api.patch("v1", "Pod", _real_name(action.pod), body, self._space(action.pod).name)

    @_do.register
    def _(self, action: cases.LabelNamespace) -> None:
        body = {"metadata": {"labels": dict(action.labels)}}
        self.cluster.api.patch("v1", "Namespace", self._spaces[action.namespace].name, body)

    @_do.register
    def _(self, action: cases.CreatePod) -> None:
        self._space(action.pod).create(self._request(action.pod, self.state.pods[action.pod]))
        self._meet([action.pod])

    @_do.register
    def _(self, action: cases.DeletePod) -> None:
        self._space(action.pod).delete(self.pods.pop(action.pod))

    @_do.register
    def _(self, action: cases.RestartPod) -> None:
        self.cluster.restart(self.pods[action.pod])

    @_do.register
    def _(self, action: cases.CreateNamespace) -> None:
        self._make_namespace(action.namespace, action.labels)

    @_do.register
    def _(self, action: cases.DeleteNamespace) -> None:
        space = self._spaces.pop(action.namespace)
        self._open.pop(action.namespace).close()
        self.cluster.api.wait_gone("v1", "Namespace", space.name)
        self.pods = {name: pod for name, pod in self.pods.items() if name in self.state.pods}

    def _renamed(self, policy: cases.Manifest) -> Object:
        names = {short: space.name for short, space in self._spaces.items()}
        return concrete(policy, names, {}, {}, {}, ())

    def _own(self, name: str, policy: Object) -> Object:
        """Return a cluster-wide policy as this arena's own, and remember to remove it."""
        requirement = {"key": MARK, "operator": "In", "values": [self._mark]}
        made = of_run(self.cluster, renamed(confined(policy, requirement), f"{self._mark}-"))
        if policy["kind"] in ONLY_NAME and name not in self._wide:
            self._refuse_to_replace(made)
        self._wide[name] = made
        return made

    def _refuse_to_replace(self, policy: Object) -> None:
        kind, name = policy["kind"], policy["metadata"]["name"]
        try:
            self.cluster.api.get(policy["apiVersion"], kind, name)
        except ApiError as error:
            if error.status == 404:
                return
            raise
        raise NoVerdict(f"the cluster has the {kind} {name} already, and can have one only")

    def _delete_wide(self, name: str) -> None:
        made = self._wide.pop(name)
        self.cluster.api.delete(made["apiVersion"], made["kind"], made["metadata"]["name"])

    def _unmet(self) -> State:
        """Return the arena before it is built: nobody knows the addresses of its pods."""
        made = symbolic_arena()
        for name in made.pods:
            made = located(made, name, (), "")
        return replace(made, nodes={node.name: node.addresses for node in self.cluster.nodes})

    def _make_namespace(self, name: str, given: cases.Labels) -> None:
        self._open[name] = ExitStack()
        marked = dict(given) | {MARK: self._mark}
        made = self.cluster.namespace(f"{self._purpose}, namespace {name}", labels=marked)
        self._spaces[name] = self._open[name].enter_context(made)

    def _meet(self, names: Iterable[str]) -> None:
        """Wait until pods are Ready, side by side, and remember where they and their Services are."""
        names = list(names)
        services = {name: self._serve(name) for name in names}
        for space in dict.fromkeys(name.partition("/")[0] for name in names):
            own = [name for name in names if name.partition("/")[0] == space]
            for name, pod in zip(own, self._spaces[space].wait(*map(_real_name, own)), strict=True):
                self.pods[name] = pod
                self.state = located(self.state, name, pod.addresses, pod.node, services[name])

    def _request(self, name: str, pod: ArenaPod) -> PodRequest:
        nodes = self.cluster.nodes
        return PodRequest(
            _real_name(name),
            nodes[node_place(name) % len(nodes)].name,
            containers={"agent": PORTS},
            labels=dict(pod.labels),
            named={port.name: (port.protocol, port.number) for port in pod.ports},
        )

    def _serve(self, name: str) -> tuple[str, ...]:
        ports = [{"name": p.name, "port": p.number, "protocol": p.protocol} for p in self.state.pods[name].ports]
        made = self._space(name).service(_real_name(name), ports=ports, ipFamilyPolicy="PreferDualStack")
        return tuple(made["spec"]["clusterIPs"])

    def _space(self, pod: str) -> Namespace:
        return self._spaces[pod.partition("/")[0]]


def _real_name(pod: str) -> str:
    """Return the name of the Pod: an answer carries it, and must tell it from the pods of other namespaces."""
    return pod.replace("/", "-")
