"""Dependencies point downward only, as section 5 of the architecture says: read from the sources, not by importing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("pytest_k8snet", "conformance_suites")
FILES = {file: file.relative_to(ROOT) for package in OURS for file in sorted((ROOT / package).rglob("*.py"))}

# What each part may import of ours, beside itself. A part is a package or a module of pytest_k8snet.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "agent": set(),
    "oracle": set(),
    "profiles": set(),
    "option_values": set(),
    "options": {"option_values", "profiles"},
    "checks": {"profiles"},
    "kube": {"errors", "options"},
    "probe": {"errors", "kube", "oracle"},
    "state": {"kube", "probe"},
    "cni": {"errors", "kube", "state"},
    "fleet": {"errors", "kube", "options", "probe", "state"},
    "report": {"errors", "measure"},
    "embedded": {"corefile", "errors"},
    "rundir": {"errors"},
    "providers": {"errors", "options", "kube", "probe"},
    "attach": {"kube", "options", "probe", "state"},
    "cluster": {"attach", "errors", "fleet", "kube", "probe", "state"},
    "presence": {"errors", "kube", "probe", "state"},
    "probing": {"cluster", "presence", "probe", "report"},
    "turns": set(),
    "measure": {
        "attach",
        "cluster",
        "dns",
        "errors",
        "fleet",
        "kube",
        "options",
        "probe",
        "probing",
        "services",
        "state",
    },
    "measuring": {"errors", "measure", "options", "report"},
    "corefile": set(),
    "dns": {"attach", "cluster", "corefile", "errors", "kube", "oracle", "probe", "probing", "state"},
    "flows": {"cluster", "probe"},
    "services": {"cluster", "errors", "flows", "kube", "oracle", "probe", "probing"},
    "policy": {
        "addresses",
        "checks",
        "cluster",
        "errors",
        "flows",
        "kube",
        "oracle",
        "probe",
        "probing",
        "profiles",
        "report",
        "state",
    },
}
# What the suites see: the fixtures give the rest.
PUBLIC = {
    "pytest_k8snet.addresses",
    "pytest_k8snet.checks",
    "pytest_k8snet.cluster",
    "pytest_k8snet.dns.configuration",
    "pytest_k8snet.dns.demands",
    "pytest_k8snet.dns.drill",
    "pytest_k8snet.dns.naming",
    "pytest_k8snet.dns.pages",
    "pytest_k8snet.dns.permissions",
    "pytest_k8snet.dns.questions",
    "pytest_k8snet.dns.resolving",
    "pytest_k8snet.dns.servers",
    "pytest_k8snet.dns.twin",
    "pytest_k8snet.errors",
    "pytest_k8snet.kube.pods",
    "pytest_k8snet.oracle.dns_records",
    "pytest_k8snet.flows",
    "pytest_k8snet.measure.iperf3.bandwidth",
    "pytest_k8snet.measure.iperf3.bench",
    "pytest_k8snet.measure.iperf3.figures",
    "pytest_k8snet.measure.iperf3.loads",
    "pytest_k8snet.measure.iperf3.pairs",
    "pytest_k8snet.measure.iperf3.paths",
    "pytest_k8snet.measure.fitness",
    "pytest_k8snet.measure.encapsulation.evidence",
    "pytest_k8snet.measure.encapsulation.hints",
    "pytest_k8snet.measure.encapsulation.ways",
    "pytest_k8snet.measure.latency.connections",
    "pytest_k8snet.measure.latency.judging",
    "pytest_k8snet.measure.latency.matrix",
    "pytest_k8snet.measure.latency.names",
    "pytest_k8snet.measure.latency.paths",
    "pytest_k8snet.measure.latency.sample",
    "pytest_k8snet.measure.latency.reporting",
    "pytest_k8snet.measure.programming.changes",
    "pytest_k8snet.measure.programming.churn",
    "pytest_k8snet.measure.programming.holding",
    "pytest_k8snet.measure.tuning.cloud_balancer",
    "pytest_k8snet.measure.tuning.second_hop",
    "pytest_k8snet.measure.mtu.interfaces",
    "pytest_k8snet.measure.mtu.overhead",
    "pytest_k8snet.measure.mtu.paths",
    "pytest_k8snet.measure.judged",
    "pytest_k8snet.measure.requests",
    "pytest_k8snet.measure.rounds",
    "pytest_k8snet.measure.verdict",
    "pytest_k8snet.measuring",
    "pytest_k8snet.policy.case_files",
    "pytest_k8snet.policy.cases",
    "pytest_k8snet.policy.enforcement",
    "pytest_k8snet.policy.fuzz",
    "pytest_k8snet.policy.held",
    "pytest_k8snet.policy.host_peers",
    "pytest_k8snet.policy.parameters",
    "pytest_k8snet.policy.smallest",
    "pytest_k8snet.policy.stage",
    "pytest_k8snet.policy.tier_enforcement",
    "pytest_k8snet.probe.observation",
    "pytest_k8snet.probe.questions",
    "pytest_k8snet.probing",
    "pytest_k8snet.services.backends",
    "pytest_k8snet.services.balancer",
    "pytest_k8snet.services.distribution",
    "pytest_k8snet.services.exposure",
    "pytest_k8snet.services.external",
    "pytest_k8snet.services.gated",
    "pytest_k8snet.services.health",
    "pytest_k8snet.services.names",
    "pytest_k8snet.services.presumed",
    "pytest_k8snet.services.questions",
    "pytest_k8snet.services.rollout",
    "pytest_k8snet.services.served",
    "pytest_k8snet.services.slices",
    "pytest_k8snet.services.stickiness",
    "pytest_k8snet.services.udp_flows",
    "pytest_k8snet.services.vantage",
    "pytest_k8snet.state",
}


def _module(file: Path) -> str:
    return ".".join(FILES[file].with_suffix("").parts).removesuffix(".__init__")


MODULES = {_module(file): file for file in FILES}


def _imported(node: ast.AST, module: str) -> Iterator[str]:
    """Yield the modules that an import names, wherever it stands."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, *filter(None, [node.module])])
        yield from (name if (name := f"{base}.{alias.name}") in MODULES else base for alias in node.names)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


@cache
def _imports(module: str, *, at_start: bool = False) -> frozenset[str]:
    """Return what a module imports; with ``at_start`` only what is imported with it."""
    nodes = _at_start(_tree(module)) if at_start else ast.walk(_tree(module))
    return frozenset(name for node in nodes for name in _imported(node, module)) - {module}


def _at_start(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        ):
            continue
        yield node
        yield from _at_start(node)


def _part(module: str) -> str:
    return module.split(".")[1] if module.count(".") else ""


def _of_ours(names: frozenset[str]) -> set[str]:
    return {name for name in names if name.partition(".")[0] in OURS}


def test_imports_are_found_in_functions_and_for_types_only_as_well() -> None:
    assert "pytest_k8snet.lifecycle" in _imports("pytest_k8snet.plugin")
    assert "pytest_k8snet.lifecycle" not in _imports("pytest_k8snet.plugin", at_start=True)
    assert "pytest_k8snet.agent.identity" in _imports("pytest_k8snet.agent.servers")
    assert "kubernetes" in _imports("pytest_k8snet.kube.client")


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_only_what_is_below_it(part: str) -> None:
    wrong = {
        f"{module} imports {name}"
        for module in MODULES
        if module.startswith("pytest_k8snet.") and _part(module) == part
        for name in _of_ours(_imports(module))
        if _part(name) not in {part, *ALLOWED[part]}
        and (module, name) != ("pytest_k8snet.providers.embedded", "pytest_k8snet.embedded")
        and name != "pytest_k8snet"
    }
    assert wrong == set()


@pytest.mark.parametrize("part", ["agent", "oracle"])
def test_agent_and_oracle_import_nothing_of_ours(part: str) -> None:
    inside = f"pytest_k8snet.{part}"
    found = {
        name
        for module in MODULES
        if module.startswith(inside)
        for name in _of_ours(_imports(module))
        if name != inside and not name.startswith(f"{inside}.")
    }
    assert found == set()


def test_the_agent_imports_itself_only_relatively_because_in_a_pod_it_has_another_name() -> None:
    agent = [module for module in MODULES if module.startswith("pytest_k8snet.agent")]
    absolute = {
        f"{module}: {ast.unparse(node)}"
        for module in agent
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.Import | ast.ImportFrom) and "pytest_k8snet" in ast.unparse(node)
    }
    assert len(agent) > 5
    assert absolute == set()


def _importers(*names: str) -> set[str]:
    return {
        module
        for module in MODULES
        for name in _imports(module)
        if any(name == wanted or name.startswith(f"{wanted}.") for wanted in names)
    }


def test_only_its_provider_imports_the_embedded_cluster() -> None:
    outside = {
        module for module in _importers("pytest_k8snet.embedded") if not module.startswith("pytest_k8snet.embedded")
    }
    assert outside == {"pytest_k8snet.providers.embedded"}


def test_nobody_imports_the_agent_which_runs_elsewhere() -> None:
    assert {module for module in _importers("pytest_k8snet.agent") if _part(module) != "agent"} == set()


def test_only_access_and_client_import_the_kubernetes_client() -> None:
    assert _importers("kubernetes") == {"pytest_k8snet.kube.access", "pytest_k8snet.kube.client"}


def test_the_suites_import_only_public_modules() -> None:
    suites = [module for module in MODULES if module.startswith("conformance_suites")]
    used = {name for module in suites for name in _imports(module) if name.startswith("pytest_k8snet")}
    assert used
    assert used <= PUBLIC


def test_the_package_imports_the_suites_only_to_choose_and_to_list_them() -> None:
    inside = {module for module in _importers("conformance_suites") if module.startswith("pytest_k8snet")}
    assert inside == {"pytest_k8snet.selection", "pytest_k8snet.catalogue"}


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {module: _imports(module, at_start=True) & set(MODULES) for module in MODULES}
    done: set[str] = set()

    def circle(module: str, way: tuple[str, ...]) -> tuple[str, ...]:
        if module in way:
            return (*way[way.index(module) :], module)
        if module in done:
            return ()
        found = next(filter(None, (circle(name, (*way, module)) for name in sorted(graph[module]))), ())
        done.add(module)
        return found

    assert [found for module in sorted(graph) if (found := circle(module, ()))] == []
