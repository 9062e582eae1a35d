"""What a container says of its end, also when it was stopped at an unlucky moment."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

from pytest_k8snet.embedded.container.client import Running, ZygoteClient
from pytest_k8snet.embedded.container.spec import Command, ContainerRoot
from pytest_k8snet.embedded.kubelet.container import Container
from pytest_k8snet.embedded.kubelet.tasks import Tasks


class SlowZygote:
    """Has started the program only when it is told so; the program ends at once."""

    def __init__(self) -> None:
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def start_container(self, *_: Any) -> Running:
        self.asked.set()
        await self.go.wait()
        ended = asyncio.get_running_loop().create_future()
        ended.set_result(137)
        return Running(1, 1, ended)


def test_a_container_that_is_stopped_while_it_starts_has_an_end(tmp_path: Path) -> None:
    async def stopped() -> Container:
        zygote, tasks = SlowZygote(), Tasks()
        container = Container({"name": "c"}, cast(ZygoteClient, zygote), tasks, lambda: None)
        root = ContainerRoot("host", str(tmp_path))
        running = asyncio.create_task(container.run(Command(("true",), {}), root, 0, lambda: None, tmp_path / "words"))
        await zygote.asked.wait()
        running.cancel()
        zygote.go.set()
        await asyncio.wait([running])
        container.conclude()
        tasks.cancel()
        return container

    container = asyncio.run(stopped())
    assert container.exit_code == 137
    assert container.state["terminated"]["startedAt"]
