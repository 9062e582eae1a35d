"""The hooks of the plugin: wiring only. Nothing heavy is imported before a run needs it."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_k8snet import checks, options

if TYPE_CHECKING:
    from pytest_k8snet.lifecycle import Controller, Worker
    from pytest_k8snet.run_cases import RunCases

pytest_plugins = ("pytest_k8snet.fixtures",)

SETTINGS: pytest.StashKey[options.Settings] = pytest.StashKey()
CASES: pytest.StashKey[RunCases] = pytest.StashKey()
CONTROLLER: pytest.StashKey[Controller] = pytest.StashKey()
WORKER: pytest.StashKey[Worker] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the settings and, when asked for a run, put its controller or worker in place."""
    checks.register_markers(config)
    if not config.getoption("k8snet"):
        return
    from pytest_k8snet import lifecycle, run_cases, selection

    selection.choose_suites(config)
    worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
    settings = run_cases.with_seed(options.read_settings(config, os.environ), worker_input)
    config.stash[SETTINGS] = settings
    config.stash[CASES] = run_cases.RunCases.of(settings)
    if worker_input is None:
        config.stash[CONTROLLER] = lifecycle.Controller.install(config, settings)
    controller = config.stash.get(CONTROLLER, None)
    config.stash[WORKER] = lifecycle.Worker.install(config, settings, worker_input or {}, controller)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Make sure that nothing outlives the session, whatever ended it."""
    if (controller := config.stash.get(CONTROLLER, None)) is not None:
        controller.end()


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, obj: object) -> list[pytest.Item] | None:
    """Collect nothing of a test of policy cases that this run does not have."""
    cases = collector.config.stash.get(CASES, None)
    return [] if cases is not None and cases.lack(obj) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the tests of policy cases those that this run has beside the shipped ones."""
    if (cases := metafunc.config.stash.get(CASES, None)) is not None:
        cases.parametrize(metafunc)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is waived; leave out what the profile leaves out."""
    if (worker := config.stash.get(WORKER, None)) is not None:
        from pytest_k8snet import selection

        worker.note_checks(items)
        selection.apply(config, items, config.stash[SETTINGS])


@pytest.hookimpl(wrapper=True)
def pytest_collection_finish(session: pytest.Session) -> Generator[None]:
    """Tell what the tests need before xdist tells that they are known; under calibration, put faults in their place."""
    if (worker := session.config.stash.get(WORKER, None)) is not None:
        worker.note_needs(session.items)
    yield
    if (controller := session.config.stash.get(CONTROLLER, None)) is not None:
        controller.calibrate(session)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Bring the cluster up before the first test of a run in one process."""
    controller = session.config.stash.get(CONTROLLER, None)
    if controller is not None and not controller.distributed:
        controller.begin(len(session.items))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where it will find the cluster, what is waived, and the seed of this run."""
    if (controller := node.config.stash.get(CONTROLLER, None)) is not None:
        node.workerinput["k8snet_state"] = str(controller.state_file)
        node.workerinput["k8snet_waivers"] = controller.waivers_text
        node.workerinput["k8snet_seed"] = node.config.stash[SETTINGS].seed


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """Bring the cluster up when the first worker knows its tests; none starts before this returns."""
    if (controller := node.config.stash.get(CONTROLLER, None)) is not None:
        controller.begin(len(ids))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Close this process's connections, then, in the controller, remove what the run made."""
    try:
        if (worker := session.config.stash.get(WORKER, None)) is not None:
            worker.close()
    finally:
        if (controller := session.config.stash.get(CONTROLLER, None)) is not None:
            controller.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool | None, bool | None]:
    """Wait until the network is free for this test, or, for one that measures, until nobody else uses it."""
    if (worker := item.config.stash.get(WORKER, None)) is None:
        return (yield)
    with worker.turn(item):
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin the record of a check, before anything can end it."""
    if (worker := item.config.stash.get(WORKER, None)) is not None:
        worker.open_record(item)


@pytest.hookimpl(specname="pytest_runtest_setup")
def pytest_demand_requirements(item: pytest.Item) -> None:
    """Skip what this cluster cannot be asked, after pytest has looked at xfail marks and before there are fixtures."""
    if (worker := item.config.stash.get(WORKER, None)) is not None:
        worker.demand(item)


def pytest_report_header(config: pytest.Config) -> list[str] | None:
    """Say that the plugin is active and which cluster it will use."""
    controller = config.stash.get(CONTROLLER, None)
    return controller.header() if controller is not None else None


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Head the failure with what differs; the whole table stands in a section of its own."""
    explain = getattr(left, "explain", None)
    if op == "==" and explain is not None and type(left).__module__.startswith("pytest_k8snet."):
        return list(explain()[:2])
    return None
