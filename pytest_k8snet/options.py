"""Every option in one table: it makes the command line, the ini keys, the environment variables and the help.

An option ``provider`` is ``--k8snet-provider``, the ini key ``k8snet_provider`` and the variable ``K8SNET_PROVIDER``;
the command line wins over the environment, the environment over the ini file. An empty variable is as good as none, and
an empty value on the command line asks for the default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pytest_k8snet.profiles import CALIBRATION, PROFILES, Profile

if TYPE_CHECKING:
    from pathlib import Path

NETSHOOT = "docker.io/nicolaka/netshoot:v0.13"


def _text(value: str) -> str:
    return value.strip()


def _flag(value: str) -> bool:
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError("expected true or false")


def _count(value: str) -> int:
    if not value.isdecimal() or int(value) == 0:
        raise ValueError("expected a whole number from 1")
    return int(value)


def _optional_number(value: str) -> int | None:
    if value == "":
        return None
    if not re.fullmatch(r"\d+", value):
        raise ValueError("expected a whole number")
    return int(value)


def _seconds(value: str) -> float | None:
    if value == "":
        return None
    seconds = float(value.removesuffix("s")) if re.fullmatch(r"\d*\.?\d+s?", value) else 0.0
    if not 0 < seconds < 3600:
        raise ValueError("expected seconds, more than 0 and less than 3600")
    return seconds


def _in_namespace(value: str) -> str:
    if value and not re.fullmatch(r"[^/\s]+/[^/\s]+", value):
        raise ValueError("expected NAMESPACE/NAME")
    return value


def _names(value: str) -> str:
    return ",".join(filter(None, (name.strip() for name in value.split(","))))


def _pairs(value: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    for key, equals, _ in pairs:
        if not equals or not key.strip():
            raise ValueError("expected KEY=VALUE[,KEY=VALUE...]")
    return {key.strip(): text.strip() for key, _, text in pairs}


def _tolerations(value: str) -> tuple[dict[str, str], ...]:
    """Read ``KEY[=VALUE][:EFFECT]`` separated by commas; ``*`` tolerates every taint."""
    found: list[dict[str, str]] = []
    for part in filter(None, (item.strip() for item in value.split(","))):
        if part == "*":
            found.append({"operator": "Exists"})
            continue
        match = re.fullmatch(r"([^=:\s]+)(?:=([^:\s]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?", part)
        if match is None:
            raise ValueError("expected KEY[=VALUE][:NoSchedule|PreferNoSchedule|NoExecute] or *")
        key, text, effect = match.groups()
        toleration = {"key": key, "operator": "Exists"} if text is None else {"key": key, "value": text}
        found.append(toleration | ({"effect": effect} if effect else {}))
    return tuple(found)


@dataclass(frozen=True)
class Option:
    """One row of the table. ``parse`` raises ValueError with what was expected."""

    name: str
    help: str
    default: str = ""
    metavar: str = "TEXT"
    parse: Callable[[str], Any] = _text
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
        parse=_in_namespace,
    ),
    Option("profile", "which levels run and with how much patience", "standard", "NAME", choices=tuple(PROFILES)),
    Option("report", "folder of the report", "k8snet-report", "FOLDER"),
    Option("seed", "number that makes what is drawn at random repeatable", metavar="N", parse=_optional_number),
    Option("fuzz", "random sets of NetworkPolicies to play", "0", "N", _optional_number),
    Option("policy_cases", "NetworkPolicy cases of your own, a YAML file or a folder of them", metavar="PATH"),
    Option(
        "calibrate",
        "show that every check can fail: inject each fault (or the named ones) into the embedded cluster",
        metavar="FAULT,...",
        parse=_names,
        const="all",
    ),
    Option("fault", "inject these faults into the embedded cluster once the fleet is ready", "", "FAULT,...", _names),
    Option("waivers", "TOML file of known failures that do not fail the run", metavar="FILE"),
    Option("claims", "TOML file of what the cluster is said to have and not to have", metavar="FILE"),
    Option(
        "faults_from", "folder with faults of your own for the embedded cluster, one Python file each", "", "FOLDER"
    ),
    Option(
        "converge",
        "seconds in which an expectation must come true, instead of the profile's",
        metavar="SECONDS",
        parse=_seconds,
    ),
    Option("node_selector", "only nodes with these labels", metavar="KEY=VALUE,...", parse=_pairs),
    Option(
        "tolerations",
        "taints that probe pods tolerate; * tolerates every one",
        metavar="KEY[=VALUE][:EFFECT],...",
        parse=_tolerations,
    ),
    Option("runtime_class", "RuntimeClass of the probe pods", metavar="NAME"),
    Option("namespace_labels", "labels for the namespaces that are made", metavar="KEY=VALUE,...", parse=_pairs),
    Option(
        "namespace_annotations", "annotations for the namespaces that are made", metavar="KEY=VALUE,...", parse=_pairs
    ),
    Option("kind_image", "node image for kind", metavar="IMAGE"),
    Option("kind_config", "kind configuration file instead of one control plane and two workers", metavar="FILE"),
    Option("kind_keep", "keep the kind cluster after the run", metavar="BOOL", parse=_flag, const="true"),
    Option("embedded_nodes", "nodes of the embedded cluster", "3", "N", _count),
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
    fault: str
    waivers: str
    claims: str
    faults_from: str
    converge: float | None
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
    values: dict[str, Any] = {option.name: _read(option, config, environment) for option in OPTIONS}
    return Settings(**values, root=config.rootpath)


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
