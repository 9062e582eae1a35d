"""What is refused, and at which field: compared by hand with a real API server, release 1.34."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.embedded.api.bootstrap import new_store
from pytest_k8snet.embedded.api.status import StoreError

Object = dict[str, Any]


def refused(plural: str, body: Object) -> dict[str, str]:
    """Field and message of everything that is wrong; empty when the object is stored."""
    namespace = {} if plural in ("namespaces", "nodes") else {"namespace": "default"}
    body = {**body, "metadata": {"name": "o", **namespace, **body.get("metadata", {})}}
    errors: list[StoreError] = []
    try:
        new_store().create(plural, body)
    except StoreError as error:
        errors.append(error)
    assert all((error.status, error.reason) == (422, "Invalid") for error in errors)
    causes = [cause for error in errors for cause in (error.details or {})["causes"]]
    return {cause["field"]: cause["message"] for cause in causes}


def pod(container: Object | None = None, **spec: Any) -> Object:
    return {"spec": {"containers": [{"name": "c", "image": "x", **(container or {})}], **spec}}


def mount(name: str, path: str) -> Object:
    return {"name": name, "mountPath": path}


VOLUME = {"name": "v", "emptyDir": {}}
TCP = {"tcpSocket": {"port": 80}}
SPEC = "spec.containers[0]"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (pod() | {"metadata": {"name": "Bad_Name"}}, "metadata.name", "RFC 1123 subdomain"),
        (pod() | {"metadata": {"name": "a" * 254}}, "metadata.name", "no more than 253 characters"),
        (pod() | {"metadata": {"labels": {"a": "-b"}}}, "metadata.labels", "a valid label must be"),
        (pod() | {"metadata": {"labels": {"/a": "b"}}}, "metadata.labels", "prefix part must be non-empty"),
        (pod() | {"metadata": {"annotations": {"a b": "c"}}}, "metadata.annotations", "name part must consist of"),
        (pod() | {"metadata": {"finalizers": ["x"]}}, "metadata.finalizers[0]", "nor is it fully qualified"),
        ({"spec": {"containers": []}}, "spec.containers", "Required value"),
        ({"spec": {}}, "spec.containers", "Required value"),
        (pod({"name": "A_b"}), f"{SPEC}.name", "RFC 1123 label"),
        (pod({"name": ""}), f"{SPEC}.name", "Required value"),
        (pod({"image": ""}), f"{SPEC}.image", "Required value"),
        (pod({"image": " x"}), f"{SPEC}.image", "leading or trailing whitespace"),
        (pod(initContainers=[{"name": "c", "image": "x"}]), "spec.initContainers[0].name", "Duplicate value"),
        (pod(restartPolicy="Sometimes"), "spec.restartPolicy", 'Unsupported value: "Sometimes"'),
        (pod(dnsPolicy="None"), "spec.dnsConfig", "must provide `dnsConfig`"),
        (pod(dnsConfig={"nameservers": ["x"]}), "spec.dnsConfig.nameservers[0]", "must be a valid IP address"),
        (pod(hostname="a.b"), "spec.hostname", "must not contain dots"),
        (pod(subdomain="a.b"), "spec.subdomain", "must not contain dots"),
        (pod(hostAliases=[{"ip": "999.1.1.1", "hostnames": []}]), "spec.hostAliases[0].ip", "valid IP address"),
        (pod(nodeName="Bad_"), "spec.nodeName", "RFC 1123 subdomain"),
        (pod(nodeSelector={"-a": "b"}), "spec.nodeSelector", "name part must consist of"),
        (pod(activeDeadlineSeconds=0), "spec.activeDeadlineSeconds", "must be between 1 and"),
        (
            pod(tolerations=[{"operator": "Equal"}]),
            "spec.tolerations[0].operator",
            "must be Exists when `key` is empty",
        ),
        (pod(ephemeralContainers=[{"name": "e", "image": "x"}]), "spec.ephemeralContainers", "cannot be set on create"),
        (pod({"ports": [{"containerPort": 0}]}), f"{SPEC}.ports[0].containerPort", "Required value"),
        (pod({"ports": [{"containerPort": 70000}]}), f"{SPEC}.ports[0].containerPort", "between 1 and 65535"),
        (pod({"ports": [{"containerPort": 80, "protocol": "ICMP"}]}), f"{SPEC}.ports[0].protocol", "Unsupported value"),
        (pod({"ports": [{"containerPort": 80, "name": "Bad"}]}), f"{SPEC}.ports[0].name", "alpha-numeric characters"),
        (
            pod({"ports": [{"containerPort": 80, "hostPort": 81}]}, hostNetwork=True),
            f"{SPEC}.ports[0].hostPort",
            "must match `containerPort` when `hostNetwork` is true",
        ),
        (
            pod({"ports": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81, "hostPort": 8080}]}),
            f"{SPEC}.ports[1].hostPort",
            'Duplicate value: "TCP//8080"',
        ),
        (pod({"volumeMounts": [mount("nope", "/x")]}), f"{SPEC}.volumeMounts[0].name", 'Not found: "nope"'),
        (
            pod({"volumeMounts": [mount("v", "/x"), mount("v", "/x")]}, volumes=[VOLUME]),
            f"{SPEC}.volumeMounts[1].mountPath",
            "must be unique",
        ),
        (pod(volumes=[VOLUME, VOLUME]), "spec.volumes[1].name", "Duplicate value"),
        (pod(volumes=[{**VOLUME, "hostPath": {"path": "/"}}]), "spec.volumes[0].hostPath", "more than 1 volume type"),
        (pod(volumes=[{"name": "v", "configMap": {}}]), "spec.volumes[0].configMap.name", "Required value"),
        (pod(volumes=[{"name": "v", "hostPath": {"path": "/a/../b"}}]), "spec.volumes[0].hostPath.path", "'..'"),
        (pod({"env": [{"name": "a=b"}]}), f"{SPEC}.env[0].name", "other than '='"),
        (pod({"env": [{"name": "A", "valueFrom": {}}]}), f"{SPEC}.env[0].valueFrom", "must specify one of"),
        (
            pod({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.bogus"}}}]}),
            f"{SPEC}.env[0].valueFrom.fieldRef.fieldPath",
            "field label not supported",
        ),
        (
            pod({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}}}),
            f"{SPEC}.resources.requests",
            "must be less than or equal to cpu limit of 1500m",
        ),
        (pod({"livenessProbe": {}}), f"{SPEC}.livenessProbe", "must specify a handler type"),
        (pod({"livenessProbe": {**TCP, "exec": {"command": ["x"]}}}), f"{SPEC}.livenessProbe.tcpSocket", "more than 1"),
        (pod({"livenessProbe": {**TCP, "successThreshold": 2}}), f"{SPEC}.livenessProbe.successThreshold", "must be 1"),
        (
            pod({"readinessProbe": {**TCP, "periodSeconds": -1}}),
            f"{SPEC}.readinessProbe.periodSeconds",
            "or equal to 0",
        ),
        (
            pod({"securityContext": {"privileged": True, "allowPrivilegeEscalation": False}}),
            f"{SPEC}.securityContext",
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        ),
        (
            pod(securityContext={"sysctls": [{"name": "Bad!", "value": ""}]}),
            "spec.securityContext.sysctls[0].name",
            "must have at most 253 characters",
        ),
    ],
)
def test_a_wrong_pod_is_refused_at_its_field(body: Object, field: str, words: str) -> None:
    causes = refused("pods", body)
    assert words in causes.get(field, ""), causes


def test_a_pod_that_uses_everything_is_stored() -> None:
    container = {
        "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 53, "protocol": "UDP"}],
        "env": [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}}],
        "volumeMounts": [mount("v", "/x"), mount("c", "/y")],
        "readinessProbe": {"tcpSocket": {"port": "http"}, "successThreshold": 2},
        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "64Mi"}},
        "securityContext": {"capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True},
    }
    config = {"name": "c", "configMap": {"name": "agent", "items": [{"key": "a", "path": "b/c"}]}}
    body = pod(container, volumes=[VOLUME, config], hostname="web", subdomain="svc", dnsPolicy="Default")
    assert refused("pods", body) == {}


def service(*ports: Object, **spec: Any) -> Object:
    return {"spec": {"ports": list(ports), **spec}}


HTTP = {"port": 80}


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (service(), "spec.ports", "Required value"),
        (service({"port": 0}), "spec.ports[0].port", "between 1 and 65535"),
        (service({"port": 80}, {"port": 81}), "spec.ports[1].name", "Required value"),
        (service({**HTTP, "targetPort": "Bad_"}), "spec.ports[0].targetPort", "alpha-numeric characters"),
        (service({**HTTP, "nodePort": 30000}), "spec.ports[0].nodePort", "may not be used when `type` is 'ClusterIP'"),
        (service({**HTTP, "nodePort": 80}, type="NodePort"), "spec.ports[0].nodePort", "not in the valid range"),
        (service(HTTP, type="Odd"), "spec.type", "Unsupported value"),
        (service(type="ExternalName"), "spec.externalName", "Required value"),
        (service(HTTP, clusterIP="xyz"), "spec.clusterIPs[0]", "must be a valid IP address"),
        (service(HTTP, clusterIP="1.2.3.4"), "spec.clusterIPs", "is not in the valid range"),
        (service(HTTP, externalIPs=["127.0.0.1"]), "spec.externalIPs[0]", "loopback range"),
        (service(HTTP, externalIPs=["fe80::1"]), "spec.externalIPs[0]", "link-local range"),
        (service(HTTP, externalIPs=["ff02::1"]), "spec.externalIPs[0]", "link-local multicast range"),
        (service(HTTP, externalIPs=["0.0.0.0"]), "spec.externalIPs[0]", "may not be unspecified"),
        (service(HTTP, externalTrafficPolicy="Local"), "spec.externalTrafficPolicy", "externally-accessible"),
        (service(HTTP, loadBalancerSourceRanges=["10.0.0.0/8"]), "spec.LoadBalancerSourceRanges", "LoadBalancer"),
        (service(HTTP, ipFamilies=["IPv5"]), "spec.ipFamilies[0]", "Unsupported value"),
        (service(HTTP) | {"metadata": {"name": "1a"}}, "metadata.name", "DNS-1035 label"),
    ],
)
def test_a_wrong_service_is_refused_at_its_field(body: Object, field: str, words: str) -> None:
    causes = refused("services", body)
    assert words in causes.get(field, ""), causes


def policy(**spec: Any) -> Object:
    return {"spec": {"podSelector": {}, **spec}}


def block(cidr: str, *others: str) -> Object:
    return policy(ingress=[{"from": [{"ipBlock": {"cidr": cidr, "except": list(others)}}]}])


PEER = "spec.ingress[0].from[0]"
PORT = "spec.ingress[0].ports[0]"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (policy(policyTypes=["Sideways"]), "spec.policyTypes[0]", "Unsupported value"),
        (block("x"), f"{PEER}.ipBlock.cidr", "must be a valid CIDR value"),
        (block(""), f"{PEER}.ipBlock.cidr", "Required value"),
        (block("10.0.0.0/8", "10.0.0.0/8"), f"{PEER}.ipBlock.except[0]", "strict subset of `cidr`"),
        (block("10.0.0.0/8", "fd00::/64"), f"{PEER}.ipBlock.except[0]", "strict subset of `cidr`"),
        (policy(ingress=[{"from": [{}]}]), PEER, "must specify a peer"),
        (policy(ingress=[{"from": [{"ipBlock": {"cidr": "::/0"}, "podSelector": {}}]}]), PEER, "another peer"),
        (policy(ingress=[{"ports": [{"port": 80, "endPort": 70}]}]), f"{PORT}.endPort", "equal to `port`"),
        (policy(ingress=[{"ports": [{"port": "a", "endPort": 70}]}]), f"{PORT}.endPort", "non-numeric"),
        (policy(ingress=[{"ports": [{"endPort": 70}]}]), f"{PORT}.endPort", "`port` is not specified"),
        (policy(ingress=[{"ports": [{"protocol": "X"}]}]), f"{PORT}.protocol", "Unsupported value"),
        (
            policy(podSelector={"matchExpressions": [{"key": "a", "operator": "In"}]}),
            "spec.podSelector.matchExpressions[0].values",
            "must be specified when `operator` is 'In' or 'NotIn'",
        ),
    ],
)
def test_a_wrong_policy_is_refused_at_its_field(body: Object, field: str, words: str) -> None:
    causes = refused("networkpolicies", body)
    assert words in causes.get(field, ""), causes


@pytest.mark.parametrize(
    ("plural", "body", "field", "words"),
    [
        ("configmaps", {"data": {"a b": "x"}}, "data[a b]", "a valid config key"),
        ("configmaps", {"data": {"a": "x"}, "binaryData": {"a": "YQ=="}}, "data[a]", "present in binaryData"),
        ("configmaps", {"data": {"a": "x" * 1048577}}, "[]", "may not be more than 1048576 bytes"),
        ("secrets", {"type": "kubernetes.io/tls"}, "data[tls.crt]", "Required value"),
        ("secrets", {"stringData": {"a": "x" * 1048577}}, "data", "may not be more than 1048576 bytes"),
        ("resourcequotas", {"spec": {"hard": {"pods": "-1"}}}, "spec.hard[pods]", "greater than or equal to 0"),
        ("resourcequotas", {"spec": {"hard": {"bogus": "1"}}}, "spec.hard[bogus]", "standard resource"),
        ("endpointslices", {"addressType": "IPv9"}, "addressType", "Unsupported value"),
        ("endpointslices", {}, "addressType", "Required value"),
        (
            "endpointslices",
            {"addressType": "IPv4", "endpoints": [{"addresses": ["fd00::1"]}]},
            "endpoints[0].addresses",
            "must be an IPv4 address",
        ),
        ("events", {"involvedObject": {"namespace": "b"}}, "involvedObject.namespace", "does not match"),
        ("namespaces", {"metadata": {"name": "A.b"}}, "metadata.name", "RFC 1123 label"),
        (
            "namespaces",
            {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "x"}}},
            "metadata.labels[pod-security.kubernetes.io/enforce]",
            "must be one of privileged, baseline, restricted",
        ),
    ],
)
def test_other_kinds_are_refused_at_their_fields(plural: str, body: Object, field: str, words: str) -> None:
    causes = refused(plural, body)
    assert words in causes.get(field, ""), causes


@pytest.mark.parametrize(
    ("plural", "body", "change", "field"),
    [
        ("pods", pod(), {"spec": {"hostNetwork": True}}, "spec"),
        ("services", service(HTTP), {"spec": {"clusterIP": "10.96.0.9", "clusterIPs": []}}, "spec.clusterIPs[0]"),
        ("secrets", {}, {"type": "other"}, "type"),
        ("configmaps", {"immutable": True}, {"data": {"a": "b"}}, "data"),
        ("endpointslices", {"addressType": "IPv4"}, {"addressType": "IPv6"}, "addressType"),
    ],
)
def test_what_is_settled_cannot_change(plural: str, body: Object, change: Object, field: str) -> None:
    store = new_store()
    old = store.create(plural, {**body, "metadata": {"name": "o", "namespace": "default"}})
    spec = {"spec": {**old["spec"], **change["spec"]}} if "spec" in change else change
    with pytest.raises(StoreError) as refusal:
        store.replace(plural, {**old, **spec})
    assert refusal.value.status == 422
    assert field in [cause["field"] for cause in (refusal.value.details or {})["causes"]]


def test_a_pod_may_change_image_and_add_tolerations() -> None:
    store = new_store()
    old = store.create("pods", {**pod(), "metadata": {"name": "o", "namespace": "default"}})
    spec = {**old["spec"], "containers": [{**old["spec"]["containers"][0], "image": "y"}]}
    spec["tolerations"] = [*spec["tolerations"], {"key": "x", "operator": "Exists"}]
    assert store.replace("pods", {**old, "spec": spec})["spec"]["containers"][0]["image"] == "y"
