"""Every option in one table: it makes the command line, the ini keys, the environment variables and the help.

An option ``provider`` is ``--k8snet-provider``, the ini key ``k8snet_provider`` and the variable ``K8SNET_PROVIDER``;
the command line wins over the environment, the environment over the ini file. An empty variable is as good as none, and
an empty value on the command line asks for the default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pytest_k8snet import option_values as values
from pytest_k8snet.profiles import CALIBRATION, PROFILES, Profile

if TYPE_CHECKING:
    from pathlib import Path

NETSHOOT = "docker.io/nicolaka/netshoot:v0.13"


@dataclass(frozen=True)
class Option:
    """One row of the table. ``parse`` raises ValueError with what was expected."""

    name: str
    help: str
    default: str = ""
    metavar: str = "TEXT"
    parse: Callable[[str], Any] = values.text
    choices: tuple[str, ...] = ()
    const: str | None = None  # the value when the option is given alone

    @property
    def flag(self) -> str:
        """The command-line option."""
        return "--k8snet-" + self.name.replace("_", "-")

    @property
    def ini(self) -> str:
        """The key in pytest's configuration file."""
        return f"k8snet_{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"K8SNET_{self.name.upper()}"


OPTIONS: tuple[Option, ...] = (
    Option("provider", "where the cluster comes from", choices=("existing", "kind", "embedded"), metavar="NAME"),
    Option("context", "context of the kubeconfig to use; naming it chooses an existing cluster", metavar="NAME"),
    Option("kubeconfig", "kubeconfig file; naming it chooses an existing cluster", metavar="FILE"),
    Option("image", "image of the probe pods: Python 3 is all that it needs", NETSHOOT, "IMAGE"),
    Option(
        "image_pull_policy",
        "pull policy of the image",
        "IfNotPresent",
        "POLICY",
        choices=("Always", "IfNotPresent", "Never"),
    ),
    Option(
        "image_pull_secret",
        "Secret as NAMESPACE/NAME that is copied to pull the image with",
        metavar="NS/NAME",
        parse=values.in_namespace,
    ),
    Option("profile", "which levels run and with how much patience", "standard", "NAME", choices=tuple(PROFILES)),
    Option("report", "folder of the report", "k8snet-report", "FOLDER"),
    Option("seed", "number that makes what is drawn at random repeatable", metavar="N", parse=values.optional_number),
    Option("fuzz", "random sets of NetworkPolicies to play", "0", "N", values.optional_number),
    Option("policy_cases", "NetworkPolicy cases of your own, a YAML file or a folder of them", metavar="PATH"),
    Option(
        "calibrate",
        "show that every check can fail: inject each fault (or the named ones) into the embedded cluster",
        metavar="FAULT,...",
        parse=values.names,
        const="all",
    ),
    Option(
        "calibrate_part",
        "of the calibration only the I-th of N parts, so that several runs share it",
        metavar="I/N",
        parse=values.part,
    ),
    Option(
        "fault", "inject these faults into the embedded cluster once the fleet is ready", "", "FAULT,...", values.names
    ),
    Option("compare", "report.json of a former run to compare this one with", metavar="FILE"),
    Option(
        "compare_anyway",
        "compare also with a run on another cluster, or with other versions",
        metavar="BOOL",
        parse=values.flag,
        const="true",
    ),
    Option("waivers", "TOML file of known failures that do not fail the run", metavar="FILE"),
    Option("claims", "TOML file of what the cluster is said to have and not to have", metavar="FILE"),
    Option(
        "faults_from", "folder with faults of your own for the embedded cluster, one Python file each", "", "FOLDER"
    ),
    Option(
        "converge",
        "seconds in which an expectation must come true, instead of the profile's",
        metavar="SECONDS",
        parse=values.seconds,
    ),
    Option(
        "least_bandwidth",
        "share of the nodes' own bandwidth that every path of pods must reach",
        "0.1",
        "SHARE",
        values.share,
    ),
    Option("most_loss", "share of UDP datagrams that may be lost at a modest rate", "0.01", "SHARE", values.share),
    Option(
        "churn",
        "changes of Services in a second beside which it is measured how fast changes hold, instead of the profile's",
        metavar="N",
        parse=values.rate,
    ),
    Option("node_selector", "only nodes with these labels", metavar="KEY=VALUE,...", parse=values.pairs),
    Option(
        "tolerations",
        "taints that probe pods tolerate; * tolerates every one",
        metavar="KEY[=VALUE][:EFFECT],...",
        parse=values.tolerations,
    ),
    Option("runtime_class", "RuntimeClass of the probe pods", metavar="NAME"),
    Option("namespace_labels", "labels for the namespaces that are made", metavar="KEY=VALUE,...", parse=values.pairs),
    Option(
        "namespace_annotations",
        "annotations for the namespaces that are made",
        metavar="KEY=VALUE,...",
        parse=values.pairs,
    ),
    Option("kind_image", "node image for kind", metavar="IMAGE"),
    Option("kind_config", "kind configuration file instead of one control plane and two workers", metavar="FILE"),
    Option("kind_keep", "keep the kind cluster after the run", metavar="BOOL", parse=values.flag, const="true"),
    Option("embedded_nodes", "nodes of the embedded cluster", "3", "N", values.count),
    Option(
        "embedded_family", "address families of the embedded cluster", "dual", "NAME", choices=("ipv4", "ipv6", "dual")
    ),
    Option(
        "embedded_network",
        "pod network of the embedded cluster; bgp needs the program bird",
        "routed",
        "NAME",
        choices=("routed", "vxlan", "bgp"),
    ),
)


@dataclass(frozen=True)
class Settings:
    """What the user asked for, parsed. One attribute for each row of OPTIONS, by its name."""

    provider: str
    context: str
    kubeconfig: str
    image: str
    image_pull_policy: str
    image_pull_secret: str
    profile: str
    report: str
    seed: int | None
    fuzz: int
    policy_cases: str
    calibrate: str
    calibrate_part: tuple[int, int]
    fault: str
    compare: str
    compare_anyway: bool
    waivers: str
    claims: str
    faults_from: str
    converge: float | None
    least_bandwidth: float
    most_loss: float
    churn: float | None
    node_selector: dict[str, str]
    tolerations: tuple[dict[str, str], ...]
    runtime_class: str
    namespace_labels: dict[str, str]
    namespace_annotations: dict[str, str]
    kind_image: str
    kind_config: str
    kind_keep: bool
    embedded_nodes: int
    embedded_family: Literal["ipv4", "ipv6", "dual"]
    embedded_network: Literal["routed", "vxlan", "bgp"]
    root: Path

    @property
    def profile_settings(self) -> Profile:
        """The levels and the patience of the chosen profile."""
        return CALIBRATION if self.calibrate else PROFILES[self.profile]


def add_options(parser: pytest.Parser) -> None:
    """Give pytest the command-line options and the ini keys."""
    group = parser.getgroup("k8snet", "Kubernetes network conformance (pytest-k8snet)")
    group.addoption(
        "--k8snet",
        action="store_true",
        dest="k8snet",
        default=False,
        help="Use a Kubernetes cluster; without paths, run the shipped conformance suites",
    )
    for option in OPTIONS:
        described = option.help[0].upper() + option.help[1:]
        if option.choices:
            described += f": {', '.join(option.choices)}"
        if option.default:
            described += f" (default: {option.default})"
        more = {"nargs": "?", "const": option.const} if option.const is not None else {}
        group.addoption(option.flag, dest=option.ini, default=None, metavar=option.metavar, help=described, **more)
        parser.addini(option.ini, f"{described}; also {option.variable}", type="string", default="")


def defaults(root: Path) -> Settings:
    """Return the settings of a user who asked for nothing."""
    return Settings(**{option.name: option.parse(option.default) for option in OPTIONS}, root=root)


def read_settings(config: pytest.Config, environment: Mapping[str, str]) -> Settings:
    """Read the settings: command line over environment over ini file.

    Raises:
        pytest.UsageError: a value that cannot be used, with where it came from and what is possible.

    """
    read: dict[str, Any] = {option.name: _read(option, config, environment) for option in OPTIONS}
    return Settings(**read, root=config.rootpath)


def _read(option: Option, config: pytest.Config, environment: Mapping[str, str]) -> object:
    given = config.getoption(option.ini)
    if given is not None:
        text, where = str(given), option.flag
    elif environment.get(option.variable):
        text, where = environment[option.variable], f"environment variable {option.variable}"
    else:
        text, where = _in_file(option, config), f"ini key {option.ini}"
    text = text or option.default
    if option.choices and text and text not in option.choices:
        raise pytest.UsageError(f"{where}: {text!r} is not possible; choose from {', '.join(option.choices)}")
    try:
        return option.parse(text)
    except ValueError as error:
        raise pytest.UsageError(f"{where}: {text!r} cannot be used: {error}") from error


def _in_file(option: Option, config: pytest.Config) -> str:
    try:
        return str(config.getini(option.ini))
    except (TypeError, ValueError) as error:  # before pytest 9.2, which says it by a UsageError
        raise pytest.UsageError(f"ini key {option.ini}: write its value as a string: {error}") from error


def documentation() -> str:
    """Return the options as a Markdown table for docs/options.md."""
    lines = ["| option | ini key | environment | meaning | default |", "|---|---|---|---|---|"]
    for option in OPTIONS:
        choices = f" ({', '.join(f'`{choice}`' for choice in option.choices)})" if option.choices else ""
        default = f"`{option.default}`" if option.default else ""
        value = option.metavar.replace("|", "\\|")
        usage = f"{option.flag} {value}" if option.const is None else f"{option.flag}[={value}]"
        lines.append(f"| `{usage}` | `{option.ini}` | `{option.variable}` | {option.help}{choices} | {default} |")
    return "\n".join(lines) + "\n"
