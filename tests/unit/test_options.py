"""Every option by command line, environment and configuration file, and what cannot be used."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import cast

import pytest

from pytest_k8snet.options import OPTIONS, Option, Settings, documentation, read_settings
from pytest_k8snet.profiles import CALIBRATION, PROFILES

GIVEN: dict[str, tuple[str, object]] = {
    "provider": ("existing", "existing"),
    "context": ("kind-lab", "kind-lab"),
    "kubeconfig": ("/tmp/kubeconfig", "/tmp/kubeconfig"),
    "image": ("lab/probe:latest", "lab/probe:latest"),
    "image_pull_policy": ("Never", "Never"),
    "image_pull_secret": ("default/registry", "default/registry"),
    "profile": ("nightly", "nightly"),
    "report": ("out", "out"),
    "seed": ("0", 0),
    "fuzz": ("3", 3),
    "policy_cases": ("mine.yaml", "mine.yaml"),
    "calibrate": ("snat-on-node, udp-dropped", "snat-on-node,udp-dropped"),
    "calibrate_part": ("2/3", (2, 3)),
    "fault": (" snat-on-node,", "snat-on-node"),
    "compare": ("before.json", "before.json"),
    "compare_anyway": ("yes", True),
    "waivers": ("waivers.toml", "waivers.toml"),
    "claims": ("claims.toml", "claims.toml"),
    "faults_from": ("faults", "faults"),
    "converge": ("2.5s", 2.5),
    "least_bandwidth": (".8", 0.8),
    "most_loss": ("0.002", 0.002),
    "churn": ("12.5", 12.5),
    "node_selector": ("a=1, b/c=", {"a": "1", "b/c": ""}),
    "tolerations": ("*", ({"operator": "Exists"},)),
    "runtime_class": ("gvisor", "gvisor"),
    "namespace_labels": ("team=net", {"team": "net"}),
    "namespace_annotations": ("owner=a=b", {"owner": "a=b"}),
    "kind_image": ("kindest/node:v1.34.0", "kindest/node:v1.34.0"),
    "kind_config": ("kind.yaml", "kind.yaml"),
    "kind_keep": ("yes", True),
    "embedded_nodes": ("5", 5),
    "embedded_family": ("ipv6", "ipv6"),
    "embedded_network": ("vxlan", "vxlan"),
}
FORMS = {
    "pyproject.toml": "[tool.pytest]\n{}\n",
    "setup.cfg": "[tool:pytest]\n{}\n",
    "pytest.ini": "[pytest]\n{}\n",
    "old.toml": "[tool.pytest.ini_options]\n{}\n",
}
Read = Callable[..., Settings]


@pytest.fixture
def read(pytester: pytest.Pytester) -> Read:
    """Read the settings as pytest does, without the variables of whoever runs the tests."""

    def read(*arguments: str, environment: dict[str, str] | None = None) -> Settings:
        return read_settings(pytester.parseconfig(*arguments), environment or {})

    return read


class StandIn:
    """As much of a configuration as the settings are read from, in less time than a real one."""

    def __init__(self, root: Path, **given: str) -> None:
        self.rootpath = root
        self._given = {f"k8snet_{name}": text for name, text in given.items()}

    def getoption(self, name: str) -> str | None:
        return self._given.get(name)

    def getini(self, name: str) -> str:
        return ""


@pytest.fixture
def parse(tmp_path: Path) -> Read:
    """Read the settings of a command line on which the options, by name, have these values."""
    return lambda **given: read_settings(cast(pytest.Config, StandIn(tmp_path, **given)), {})


def _option(name: str) -> Option:
    return next(option for option in OPTIONS if option.name == name)


def test_the_samples_below_know_every_option() -> None:
    assert list(GIVEN) == [option.name for option in OPTIONS]


def test_the_settings_have_one_attribute_for_each_option() -> None:
    assert [field.name for field in fields(Settings)] == [*(option.name for option in OPTIONS), "root"]


def test_every_option_can_be_given_on_the_command_line(read: Read) -> None:
    settings = read(*(f"{option.flag}={GIVEN[option.name][0]}" for option in OPTIONS))
    assert {name: getattr(settings, name) for name in GIVEN} == {name: value for name, (_, value) in GIVEN.items()}


def test_every_option_can_be_given_by_an_environment_variable(read: Read) -> None:
    settings = read(environment={option.variable: GIVEN[option.name][0] for option in OPTIONS})
    assert {name: getattr(settings, name) for name in GIVEN} == {name: value for name, (_, value) in GIVEN.items()}


@pytest.mark.parametrize("file", FORMS)
def test_every_option_can_be_given_in_each_form_of_configuration_file(
    pytester: pytest.Pytester, read: Read, file: str
) -> None:
    quote = '"' if file.endswith(".toml") else ""
    lines = (f"{option.ini} = {quote}{GIVEN[option.name][0].strip()}{quote}" for option in OPTIONS)
    path = pytester.path / (file if file != "old.toml" else "pyproject.toml")
    path.write_text(FORMS[file].format("\n".join(lines)))
    settings = read()
    assert {name: getattr(settings, name) for name in GIVEN} == {name: value for name, (_, value) in GIVEN.items()}


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    pytester: pytest.Pytester, read: Read
) -> None:
    pytester.makeini("[pytest]\nk8snet_image = file\nk8snet_report = file\nk8snet_context = file\n")
    environment = {"K8SNET_IMAGE": "variable", "K8SNET_REPORT": "variable"}
    settings = read("--k8snet-image=flag", environment=environment)
    assert (settings.image, settings.report, settings.context) == ("flag", "variable", "file")


def test_an_empty_variable_is_as_good_as_none(pytester: pytest.Pytester, read: Read) -> None:
    pytester.makeini("[pytest]\nk8snet_report = file\n")
    settings = read(environment=dict.fromkeys((option.variable for option in OPTIONS), ""))
    assert settings.report == "file"
    assert settings.profile == "standard"
    assert settings.embedded_nodes == 3


def test_an_empty_value_on_the_command_line_asks_for_the_default(pytester: pytest.Pytester, read: Read) -> None:
    pytester.makeini("[pytest]\nk8snet_profile = nightly\n")
    assert read("--k8snet-profile=").profile == "standard"


def test_the_root_is_that_of_pytest(pytester: pytest.Pytester, read: Read) -> None:
    assert read(f"--rootdir={pytester.path}").root == pytester.path


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.choices], ids=lambda option: option.name)
def test_a_value_that_is_not_possible_is_refused_with_the_possible_ones(parse: Read, option: Option) -> None:
    with pytest.raises(pytest.UsageError) as refused:
        parse(**{option.name: "nonsense"})
    assert str(refused.value) == (f"{option.flag}: 'nonsense' is not possible; choose from {', '.join(option.choices)}")


def test_a_refusal_names_the_variable_or_the_key_that_the_value_came_from(
    pytester: pytest.Pytester, read: Read
) -> None:
    with pytest.raises(pytest.UsageError, match=r"^environment variable K8SNET_PROFILE: 'fast'"):
        read(environment={"K8SNET_PROFILE": "fast"})
    pytester.makeini("[pytest]\nk8snet_profile = slow\n")
    with pytest.raises(pytest.UsageError, match=r"^ini key k8snet_profile: 'slow'"):
        read()


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("seed", "-1", "a whole number"),
        ("seed", "1.5", "a whole number"),
        ("embedded_nodes", "0", "a whole number from 1"),
        ("embedded_nodes", "three", "a whole number from 1"),
        ("converge", "0", "seconds, more than 0 and less than 3600"),
        ("converge", "3600", "seconds, more than 0 and less than 3600"),
        ("converge", "nan", "seconds, more than 0 and less than 3600"),
        ("converge", "soon", "seconds, more than 0 and less than 3600"),
        ("least_bandwidth", "0", "a share, more than 0 and less than 1"),
        ("least_bandwidth", "1", "a share, more than 0 and less than 1"),
        ("most_loss", "1%", "a share, more than 0 and less than 1"),
        ("kind_keep", "perhaps", "true or false"),
        ("node_selector", "zone", "KEY=VALUE"),
        ("namespace_labels", "=x", "KEY=VALUE"),
        ("image_pull_secret", "registry", "NAMESPACE/NAME"),
        ("image_pull_secret", "a/b/c", "NAMESPACE/NAME"),
        ("tolerations", "key:Sometimes", "NoSchedule"),
        ("tolerations", "=value", "NoSchedule"),
        ("calibrate_part", "4/3", "I/N"),
        ("calibrate_part", "0/3", "I/N"),
        ("calibrate_part", "half", "I/N"),
        *(
            ("churn", text, "a number from 0 to 1000")
            for text in ("-1", "many", "nan", "inf", "1e3", "5/s", "1001", ".")
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_what_was_expected(
    parse: Read, option: str, value: str, expected: str
) -> None:
    with pytest.raises(pytest.UsageError) as refused:
        parse(**{option: value})
    said = str(refused.value)
    assert said.startswith(f"{_option(option).flag}: {value!r} cannot be used: expected ")
    assert expected in said


@pytest.mark.parametrize(
    ("text", "tolerations"),
    [
        ("", ()),
        ("*", ({"operator": "Exists"},)),
        ("gpu", ({"key": "gpu", "operator": "Exists"},)),
        ("gpu:NoExecute", ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"},)),
        ("a/b=c:NoSchedule", ({"key": "a/b", "value": "c", "effect": "NoSchedule"},)),
        ("gpu=", ({"key": "gpu", "value": ""},)),
        ("a, b=1", ({"key": "a", "operator": "Exists"}, {"key": "b", "value": "1"})),
    ],
)
def test_tolerations_are_read_as_kubectl_writes_taints(text: str, tolerations: object) -> None:
    assert _option("tolerations").parse(text) == tolerations


@pytest.mark.parametrize("text", ["1", "true", "Yes", "ON"])
def test_a_switch_is_on(text: str) -> None:
    assert _option("kind_keep").parse(text) is True


@pytest.mark.parametrize("text", ["", "0", "false", "No", "OFF"])
def test_a_switch_is_off(text: str) -> None:
    assert _option("kind_keep").parse(text) is False


def test_options_that_can_stand_alone_have_a_value_then(read: Read) -> None:
    settings = read("--k8snet-calibrate", "--k8snet-kind-keep")
    assert (settings.calibrate, settings.kind_keep) == ("all", True)


def test_a_value_of_another_type_in_the_file_is_refused_by_its_key(pytester: pytest.Pytester, read: Read) -> None:
    pytester.makepyprojecttoml("[tool.pytest]\nk8snet_embedded_nodes = 5\n")
    with pytest.raises(pytest.UsageError, match=r"k8snet_embedded_nodes.*string"):
        read()


def test_a_type_error_of_an_older_pytest_becomes_a_usage_error(tmp_path: Path) -> None:
    class OlderConfig(StandIn):
        def getini(self, name: str) -> str:
            raise TypeError("expects a string, got int: 5")

    with pytest.raises(pytest.UsageError, match="ini key k8snet_provider: write its value as a string"):
        read_settings(cast(pytest.Config, OlderConfig(tmp_path)), {})


def test_every_profile_is_known_to_the_settings(make_settings: Callable[..., Settings]) -> None:
    assert {name: make_settings(profile=name).profile_settings for name in PROFILES} == PROFILES


def test_a_calibration_has_a_patience_of_its_own(make_settings: Callable[..., Settings]) -> None:
    assert make_settings(profile="acceptance", calibrate="all").profile_settings is CALIBRATION


def test_the_documentation_has_a_row_of_five_cells_for_each_option() -> None:
    rows = [line.replace("\\|", "/") for line in documentation().splitlines()[2:]]
    assert [re.split(r"[` [=]+", row)[1] for row in rows] == [option.flag for option in OPTIONS]
    assert {row.count("|") for row in rows} == {6}


def test_the_help_shows_every_option_with_its_choices_and_default(pytester: pytest.Pytester) -> None:
    said = " ".join(pytester.runpytest_inprocess("--help").stdout.str().split())
    for option in OPTIONS:
        assert option.flag in said
        assert f"also {option.variable}" in said.replace("- ", "")
        assert all(choice in said for choice in option.choices)
    assert "(default: standard)" in said
