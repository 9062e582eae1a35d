"""Runs the scenario on a cluster and gives the outcome of every step, masked."""

from __future__ import annotations

import json
import shlex
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import yaml

from tests.comparison.clusters import Cluster
from tests.comparison.masking import LEFT_OUT, Mask
from tests.comparison.paths import MISSING, pick
from tests.comparison.steps import Chapter, Step

Outcome = dict[str, Any]
Outcomes = dict[str, dict[str, Outcome]]
"""The outcome of each step by the names of chapter and step."""

PATIENCE = 40.0
"""In seconds: how long ``until`` may take to come true."""
PAUSE = 0.1
AT_ONCE = 6
NOT_YET = "not registered"
"""A busy kubelet says this of a ConfigMap that it has not read yet, and then reads it."""


def run(cluster: Cluster, chapters: Sequence[Chapter]) -> Outcomes:
    """Run chapters side by side, each in a namespace of its own that is removed afterwards."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = pool.map(lambda chapter: _ChapterRun(cluster, chapter).run(), chapters)
        return dict(zip((chapter.name for chapter in chapters), outcomes, strict=True))


class _ChapterRun:
    def __init__(self, cluster: Cluster, chapter: Chapter) -> None:
        self._cluster = cluster
        self._chapter = chapter
        self._namespace = f"comparison-{chapter.name}-{uuid.uuid4().hex[:6]}"
        known = {"namespace": self._namespace, "image": cluster.image}
        self._words = known | dict(zip(("node", "other-node"), cluster.nodes, strict=False))
        # A container runtime writes the name of an image in full.
        names = {self._namespace: "NAMESPACE", cluster.image: "IMAGE", f"docker.io/{cluster.image}": "IMAGE"}
        self._mask = Mask(names | dict.fromkeys(cluster.nodes, "NODE"))

    def run(self) -> dict[str, Outcome]:
        body = json.dumps({"metadata": {"name": self._namespace}}).encode()
        self._cluster.request("POST", "/api/v1/namespaces", body, type="application/json")
        self._until_account()
        try:
            return {step.name: self._outcome(step) for step in self._chapter.steps}
        finally:
            self._cluster.request("DELETE", f"/api/v1/namespaces/{self._namespace}")

    def _until_account(self) -> None:
        """Wait for the namespace's service account, without which a real cluster takes no pods."""
        path = f"/api/v1/namespaces/{self._namespace}/serviceaccounts/default"
        deadline = time.monotonic() + PATIENCE
        while self._cluster.request("GET", path).status != 200 and time.monotonic() < deadline:
            time.sleep(PAUSE)

    def _outcome(self, step: Step) -> Outcome:
        deadline = time.monotonic() + PATIENCE
        while True:
            raw = self._once(step)
            unmet = {path: value for path, value in step.until.items() if not _holds(pick(raw, path), value)}
            if not unmet or time.monotonic() > deadline:
                break
            time.sleep(PAUSE)
        masked = self._mask(raw, keep=tuple(name for name in LEFT_OUT if any(name in path for path in step.show)))
        outcome = _shown(masked, step.show) if step.show else masked
        return outcome | ({"never came true": unmet} if unmet else {})

    def _once(self, step: Step) -> Outcome:
        if step.kubectl:
            return self._kubectl(step)
        return self._request(step) if step.request else self._events(step)

    def _kubectl(self, step: Step) -> Outcome:
        arguments = shlex.split(self._fill(step.kubectl))
        done = self._cluster.kubectl(self._namespace, *arguments, stdin=self._input(step, yaml=True))
        outcome: Outcome = {"exit": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
        if step.unordered:
            outcome["stdout"] = "".join(sorted(done.stdout.splitlines(keepends=True)))
        if done.stdout.startswith("{"):
            outcome["stdout"] = json.loads(done.stdout)
        return {key: value for key, value in outcome.items() if value != ""}

    def _request(self, step: Step) -> Outcome:
        method, path = self._fill(step.request).split(" ", 1)
        text = self._input(step)
        body = text.encode() if text else None
        sent = step.type if body is not None else ""
        answer = self._cluster.request(method, path, body, type=sent, accept=step.accept)
        warnings = {"warnings": answer.warnings} if answer.warnings else {}
        return {"status": answer.status, **warnings, "body": answer.body}

    def _events(self, step: Step) -> Outcome:
        kind, name = self._fill(step.events).split("/")
        selector = f"involvedObject.kind={kind},involvedObject.name={name}"
        path = f"/api/v1/namespaces/{self._namespace}/events?fieldSelector={selector}"
        events = self._cluster.request("GET", path).body["items"]
        told = {f"{event['type']} {event['reason']}" for event in events if NOT_YET not in event["message"]}
        return {"events": sorted(told)}

    def _input(self, step: Step, *, yaml: bool = False) -> str:
        if step.input is None or isinstance(step.input, str):
            return self._fill(step.input or "")
        return self._fill(_manifests(step.input) if yaml else json.dumps(step.input))

    def _fill(self, text: str) -> str:
        for name, value in self._words.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def _manifests(given: Any) -> str:
    documents = given if isinstance(given, list) else [given]
    return str(yaml.safe_dump_all(documents))


def _holds(found: Any, value: Any) -> bool:
    if value is None:
        return found is None or found is MISSING
    return bool(found == value or (isinstance(found, list) and value in found))


def _shown(outcome: Mapping[str, Any], paths: Sequence[str]) -> Outcome:
    picked = {path: pick(outcome, path) for path in ("exit", "status", *paths)}
    return {path: value for path, value in picked.items() if value is not MISSING}
