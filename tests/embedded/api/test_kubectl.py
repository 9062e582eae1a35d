"""What a person does with kubectl works, with the kubectl of this machine."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import pytest
import yaml

Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]
Object = dict[str, Any]

WEB: Object = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "containers": [
            {"name": "main", "image": "example:1", "ports": [{"containerPort": 80}]},
            {"name": "side", "image": "example:1"},
        ]
    },
}


def changed(**labels: str) -> str:
    return yaml.safe_dump({**WEB, "metadata": {"name": "web", "labels": labels}})


def set_status(api: Any, namespace: str, **status: Any) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods/web/status"
    headers = {"Content-Type": "application/merge-patch+json"}
    assert api.request("PATCH", path, {"status": status}, headers=headers).status == 200


def test_version_and_resources_are_listed(kubectl: Kubectl) -> None:
    assert "v1.33.0+k8snet" in kubectl("version").stdout
    listed = kubectl("api-resources", "-o", "wide").stdout
    assert "networkpolicies" in listed
    assert "netpol" in listed
    assert "selfsubjectaccessreviews" in listed


def test_get_prints_the_columns_of_the_kind(kubectl: Kubectl, api: Any, namespace: str) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    ready = {"name": "main", "ready": True, "restartCount": 2, "state": {"running": {}}, "image": "", "imageID": ""}
    addresses = [{"ip": "10.244.1.7"}, {"ip": "fd00::7"}]
    set_status(api, namespace, phase="Running", podIPs=addresses, containerStatuses=[ready])

    header, row = kubectl("get", "pods", "-o", "wide").stdout.splitlines()

    assert header.split()[:6] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP"]
    assert row.split()[:4] == ["web", "1/2", "Running", "2"]
    assert "10.244.1.7,fd00::7" in row


def test_get_all_namespaces_prefixes_the_namespace(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "configmap", "settings", "--from-literal=a=b")
    lines = kubectl("get", "configmaps", "-A").stdout.splitlines()
    assert lines[0].split()[0] == "NAMESPACE"
    assert any(line.split()[:3] == [namespace, "settings", "1"] for line in lines)


def test_apply_creates_changes_and_leaves_alone(kubectl: Kubectl) -> None:
    assert "created" in kubectl("apply", "-f", "-", stdin=changed(app="web", tier="front")).stdout
    assert "unchanged" in kubectl("apply", "-f", "-", stdin=changed(app="web", tier="front")).stdout
    kubectl("label", "pod", "web", "team=net")
    assert "configured" in kubectl("apply", "-f", "-", stdin=changed(app="web")).stdout

    labels = json.loads(kubectl("get", "pod", "web", "-o", "json").stdout)["metadata"]["labels"]

    assert labels == {"app": "web", "team": "net"}, "apply removes what it set, and nothing of others"


def test_server_side_apply_reports_conflicts_and_can_force_them(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", "-", stdin=changed(tier="front"))
    other = ("apply", "--server-side", "--field-manager=other", "-f", "-")

    refused = kubectl(*other, stdin=changed(tier="back"), ok=False)
    assert refused.returncode == 1
    assert 'conflict with "kubectl": .metadata.labels.tier' in refused.stderr
    kubectl(*other, "--force-conflicts", stdin=changed(tier="back"))

    assert kubectl("get", "pod", "web", "-o", "jsonpath={.metadata.labels.tier}").stdout == "back"


def test_server_side_apply_removes_what_its_manager_no_longer_wants(kubectl: Kubectl) -> None:
    apply = ("apply", "--server-side", "-f", "-")
    kubectl(*apply, stdin=changed(tier="front", app="web"))
    kubectl("label", "pod", "web", "team=net")
    kubectl(*apply, stdin=changed(app="web"))

    labels = json.loads(kubectl("get", "pod", "web", "-o", "json").stdout)["metadata"]["labels"]

    assert labels == {"app": "web", "team": "net"}


def test_client_side_apply_can_be_continued_on_the_server(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=changed(tier="front"))
    kubectl("apply", "--server-side", "-f", "-", stdin=changed(tier="back"))
    assert kubectl("get", "pod", "web", "-o", "jsonpath={.metadata.labels.tier}").stdout == "back"


@pytest.mark.parametrize(
    "arguments",
    [
        ("configmap", "made", "--from-literal=a=b"),
        ("secret", "generic", "made", "--from-literal=a=b"),
        ("serviceaccount", "made"),
        ("quota", "made", "--hard=pods=3,services=2"),
        ("service", "clusterip", "made", "--tcp=80:8080"),
        ("service", "nodeport", "made", "--tcp=80:8080"),
        ("service", "externalname", "made", "--external-name=example.org"),
    ],
    ids=lambda arguments: "-".join(arguments[:2]),
)
def test_create_makes_objects_without_a_file(kubectl: Kubectl, arguments: tuple[str, ...]) -> None:
    assert "created" in kubectl("create", *arguments).stdout
    kind = arguments[0]
    assert kubectl("get", kind, "made", "-o", "jsonpath={.metadata.name}").stdout == "made"


def test_create_dry_run_shows_defaults_and_stores_nothing(kubectl: Kubectl) -> None:
    shown = kubectl("create", "-f", "-", "--dry-run=server", "-o", "json", stdin=yaml.safe_dump(WEB)).stdout
    assert json.loads(shown)["spec"]["restartPolicy"] == "Always"
    assert kubectl("get", "pods").stderr.startswith("No resources found")


def test_an_unknown_field_is_refused_by_name(kubectl: Kubectl) -> None:
    wrong = {**WEB, "spec": {"containers": [{"name": "main", "image": "x", "prots": []}], "hostNetwrk": True}}
    refused = kubectl("apply", "-f", "-", stdin=yaml.safe_dump(wrong), ok=False)
    assert 'unknown field "spec.containers[0].prots"' in refused.stderr
    assert 'unknown field "spec.hostNetwrk"' in refused.stderr


def test_an_invalid_object_names_every_wrong_field(kubectl: Kubectl) -> None:
    wrong = {**WEB, "spec": {"restartPolicy": "Sometimes", "containers": [{"name": "Main", "image": ""}]}}
    refused = kubectl("apply", "-f", "-", stdin=yaml.safe_dump(wrong), ok=False)
    for field in ("spec.restartPolicy", "spec.containers[0].name", "spec.containers[0].image"):
        assert field in refused.stderr


def test_an_unknown_kind_is_no_matter_of_the_server(kubectl: Kubectl) -> None:
    refused = kubectl("apply", "-f", "-", stdin="{apiVersion: v1, kind: Gizmo, metadata: {name: x}}", ok=False)
    assert 'no matches for kind "Gizmo" in version "v1"' in refused.stderr


def test_label_annotate_and_select(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    kubectl("label", "pod", "web", "tier=front")
    kubectl("annotate", "pod", "web", "note=by hand")
    for selector, found in (("tier=front", "pod/web"), ("tier!=front", ""), ("tier in (a,front),!x", "pod/web")):
        assert kubectl("get", "pods", "-l", selector, "-o", "name").stdout.strip() == found
    assert kubectl("get", "pods", "--field-selector", "status.phase=Pending", "-o", "name").stdout == "pod/web\n"
    kubectl("label", "pod", "web", "tier-")
    assert kubectl("get", "pods", "-l", "tier", "-o", "name").stdout == ""


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("json", '[{"op":"replace","path":"/spec/containers/1/image","value":"example:2"}]'),
        ("merge", '{"metadata":{"labels":{"a":"b"}}}'),
        ("strategic", '{"spec":{"containers":[{"name":"side","image":"example:2"}]}}'),
    ],
)
def test_patch_in_its_three_kinds(kubectl: Kubectl, kind: str, patch: str) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    assert "patched" in kubectl("patch", "pod", "web", f"--type={kind}", "-p", patch).stdout
    images = kubectl("get", "pod", "web", "-o", "jsonpath={.spec.containers[*].image}").stdout
    assert images == ("example:1 example:1" if kind == "merge" else "example:1 example:2")


def test_what_a_pod_cannot_change_is_refused(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    refused = kubectl("patch", "pod", "web", "-p", '{"spec":{"hostNetwork":true}}', ok=False)
    assert "pod updates may not change fields other than" in refused.stderr


def test_describe_shows_the_object_and_its_events(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    uid = kubectl("get", "pod", "web", "-o", "jsonpath={.metadata.uid}").stdout
    about = {"kind": "Pod", "name": "web", "namespace": namespace, "uid": uid}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "web.1"}, "involvedObject": about}
    event |= {"type": "Warning", "reason": "FailedMount", "message": "no such volume", "count": 3}
    kubectl("create", "-f", "-", stdin=yaml.safe_dump(event))

    described = kubectl("describe", "pod", "web").stdout

    assert "Service Account:  default" in described
    assert "no such volume" in described
    assert "FailedMount" in kubectl("get", "events", "--field-selector", "involvedObject.name=web").stdout


def test_describe_of_cluster_kinds(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "quota", "few", "--hard=pods=1")
    described = kubectl("describe", "namespace", namespace).stdout
    assert "Status:       Active" in described
    assert "pods" in described


def test_exec_carries_input_output_and_exit_code(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    script = "cat; echo problem >&2; exit 7"
    done = kubectl("exec", "-i", "web", "-c", "main", "--", "sh", "-c", script, stdin="to and fro", ok=False)
    assert (done.returncode, done.stdout) == (7, "to and fro")
    assert "problem" in done.stderr


def test_exec_needs_to_know_which_container(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    wrong = kubectl("exec", "web", "-c", "third", "--", "true", ok=False)
    assert "container third is not valid for pod web" in wrong.stderr


def test_logs_from_the_end_and_following(kubectl: Kubectl, api: Any, namespace: str) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    assert kubectl("logs", "web", "-c", "main", "--tail=2").stdout == "two\nthree\n"
    timer = threading.Timer(0.3, lambda: api.loop.call_soon_threadsafe(api.runtime.ended[namespace].set))
    timer.start()
    assert kubectl("logs", "-f", "web", "-c", "main").stdout == "one\ntwo\nthree\nlast\n"
    refused = kubectl("logs", "-p", "web", "-c", "main", ok=False)
    assert "previous terminated container" in refused.stderr


def test_wait_sees_a_condition_and_an_end(kubectl: Kubectl, api: Any, namespace: str) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    ready = {"type": "Ready", "status": "True"}
    timer = threading.Timer(0.3, lambda: set_status(api, namespace, phase="Running", conditions=[ready]))
    timer.start()
    assert "condition met" in kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=10s").stdout
    timer = threading.Timer(0.3, lambda: api.request("DELETE", f"/api/v1/namespaces/{namespace}/pods/web"))
    timer.start()
    kubectl("wait", "--for=delete", "pod/web", "--timeout=10s")


def test_delete_waits_until_it_is_gone(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    assert "deleted" in kubectl("delete", "pod", "web").stdout
    assert "NotFound" in kubectl("get", "pod", "web", ok=False).stderr
    assert "deleted" not in kubectl("delete", "pod", "web", "--ignore-not-found").stdout


def test_delete_of_a_namespace_takes_its_content(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "short-lived")
    kubectl("apply", "-f", "-", "-n", "short-lived", stdin=yaml.safe_dump(WEB))
    kubectl("delete", "namespace", "short-lived")
    assert kubectl("get", "pods", "-A", "--field-selector=metadata.namespace=short-lived", "-o", "name").stdout == ""


def test_the_default_namespace_stays(kubectl: Kubectl) -> None:
    assert "this namespace may not be deleted" in kubectl("delete", "namespace", "default", ok=False).stderr


def test_explain_shows_fields_and_types(kubectl: Kubectl) -> None:
    shown = kubectl("explain", "networkpolicy.spec.ingress.ports").stdout
    assert "endPort\t<integer>" in shown
    assert "enum: SCTP, TCP, UDP" in shown


def test_may_i_is_answered(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods").stdout == "yes\n"


def test_watching_prints_changes_as_they_come(kubectl: Kubectl) -> None:
    command = [*kubectl.base, "get", "configmaps", "-w", "--output-watch-events"]  # type: ignore[attr-defined]
    watching = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert watching.stdout
    try:
        assert watching.stdout.readline().split()[:2] == ["EVENT", "NAME"]
        assert watching.stdout.readline().split()[:2] == ["ADDED", "kube-root-ca.crt"]
        kubectl("create", "configmap", "new")
        assert watching.stdout.readline().split()[:2] == ["ADDED", "new"]
        kubectl("delete", "configmap", "new")
        assert watching.stdout.readline().split()[:2] == ["DELETED", "new"]
    finally:
        watching.kill()
        watching.communicate()
