"""One client Job: does run after run, and tells what each has moved."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine
from typing import Any

from pytest_k8snet.attach import Attachment
from pytest_k8snet.errors import ApiError, MeasurementError
from pytest_k8snet.kube.exec import exec_once
from pytest_k8snet.kube.logs import LogEnded, LogReader
from pytest_k8snet.measure.iperf3 import jobs
from pytest_k8snet.measure.iperf3.results import Throughput
from pytest_k8snet.measure.iperf3.transcript import Transcript
from pytest_k8snet.measure.iperf3.transfer import Transfer

WRITE_SECONDS = 15.0
LATE_SECONDS = 20.0
"""For the output of a run that has ended to come here."""
PAUSE = 0.1


class Client:
    """The client in a pod. ``ended`` tells how its container has ended, "" while it runs."""

    def __init__(self, attachment: Attachment, namespace: str, pod: str, ended: Callable[[], str]) -> None:
        self._attachment = attachment
        self._namespace = namespace
        self._pod = pod
        self._ended = ended
        self._numbers = itertools.count(1)
        self._log: LogReader | None = None

    def wait(self, seconds: float) -> str:
        """Wait until the client takes runs and return its version. Raises MeasurementError when it does not."""
        (line,) = self._printed(jobs.READY, jobs.READY, seconds, "it does not begin")
        return line.removeprefix(jobs.READY).strip()

    def run(self, transfer: Transfer) -> Throughput:
        """Run iperf3 once.

        Raises:
            MeasurementError: nothing that could be measured, with the reason.
            ApiError: the API did not let us.

        """
        number = next(self._numbers)
        line = f"{number} {transfer.limit} {' '.join(transfer.arguments())}"
        began = time.monotonic()
        self._write(line)
        seconds = transfer.limit + LATE_SECONDS
        lines = self._printed(f"{jobs.BEGIN} {number} ", f"{jobs.END} {number} ", seconds, f"no result of {transfer}")
        return Transcript.of(transfer, lines, time.monotonic() - began).throughput()

    def close(self) -> None:
        """Read no more."""
        if self._log is not None:
            self._attachment.loop.run(self._log.close(), WRITE_SECONDS)
            self._log = None

    def _write(self, line: str) -> None:
        command = ("sh", "-c", jobs.WRITE, line)
        attachment = self._attachment
        writing = exec_once(attachment.endpoint, self._namespace, self._pod, jobs.CONTAINER, command, WRITE_SECONDS)
        try:
            done = attachment.loop.run(writing, WRITE_SECONDS + 5)
        except ApiError as error:
            self._demand_alive(error)
            raise
        if done.exit_code:
            self._demand_alive(None)
            raise MeasurementError(f"{self._pod} takes no run: {done.stderr.strip()}")

    def _printed(self, first: str, last: str, seconds: float, otherwise: str) -> list[str]:
        """Return what the client prints between two lines; a stream that was cut is read again from its beginning."""
        deadline = time.monotonic() + seconds
        while True:
            log = self._reader()
            left = deadline - time.monotonic()
            try:
                return self._attachment.loop.run(_within(log.between(first, last), left), max(left, 0) + 5)
            except TimeoutError as error:
                self._demand_alive(error)
                raise MeasurementError(f"{self._pod}: {otherwise} within {seconds:g} s") from error
            except LogEnded as error:
                self._demand_alive(error)
                self.close()
                time.sleep(PAUSE)

    def _reader(self) -> LogReader:
        if self._log is None:
            self._log = self._attachment.loop.run(self._open(), WRITE_SECONDS)
        return self._log

    async def _open(self) -> LogReader:
        return LogReader(self._attachment.endpoint, self._namespace, self._pod, jobs.CONTAINER)

    def _demand_alive(self, cause: Exception | None) -> None:
        if how := self._ended():
            raise MeasurementError(
                f"the client {self._namespace}/{self._pod} is gone: {how}",
                hint=f"kubectl -n {self._namespace} describe pod {self._pod}",
            ) from cause


async def _within(reading: Coroutine[Any, Any, list[str]], seconds: float) -> list[str]:
    async with asyncio.timeout(seconds):
        return await reading
