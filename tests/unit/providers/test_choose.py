"""Which cluster is used, and why: a cluster that was not named is never taken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_k8snet.errors import UsageError
from pytest_k8snet.options import Settings
from pytest_k8snet.providers import Choice, choose, make

MakeSettings = Callable[..., Settings]
IN_A_POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}


@pytest.mark.parametrize(
    ("given", "environment", "choice"),
    [
        ({}, {}, Choice("embedded", "no cluster was named: the embedded reference cluster")),
        ({}, {"KUBECONFIG": ""}, Choice("embedded", "no cluster was named: the embedded reference cluster")),
        ({}, {"KUBECONFIG": "/k"}, Choice("existing", "the KUBECONFIG variable", "/k")),
        ({}, IN_A_POD, Choice("existing", "the service account of the pod that this runs in")),
        ({}, IN_A_POD | {"KUBECONFIG": "/k"}, Choice("existing", "the KUBECONFIG variable", "/k")),
        ({"context": "lab"}, {}, Choice("existing", "--k8snet-context lab", "~/.kube/config", "lab")),
        ({"context": "lab"}, {"KUBECONFIG": "/k"}, Choice("existing", "--k8snet-context lab", "/k", "lab")),
        ({"context": "lab"}, IN_A_POD, Choice("existing", "--k8snet-context lab", "~/.kube/config", "lab")),
        ({"kubeconfig": "/f"}, {"KUBECONFIG": "/k"}, Choice("existing", "--k8snet-kubeconfig /f", "/f")),
        (
            {"kubeconfig": "/f", "context": "lab"},
            {},
            Choice("existing", "--k8snet-context lab and --k8snet-kubeconfig /f", "/f", "lab"),
        ),
        ({"provider": "existing"}, {"KUBECONFIG": "/k"}, Choice("existing", "the KUBECONFIG variable", "/k")),
        (
            {"provider": "existing", "kubeconfig": "/f"},
            {"KUBECONFIG": "/k"},
            Choice("existing", "--k8snet-kubeconfig /f", "/f"),
        ),
        ({"provider": "kind"}, {"KUBECONFIG": "/k"}, Choice("kind", "--k8snet-provider kind")),
        ({"provider": "embedded"}, IN_A_POD, Choice("embedded", "--k8snet-provider embedded")),
    ],
)
def test_the_cluster_that_was_named_is_chosen(
    make_settings: MakeSettings, given: dict[str, str], environment: dict[str, str], choice: Choice
) -> None:
    assert choose(make_settings(**given), environment) == choice


def test_an_existing_cluster_must_be_named(settings: Settings, make_settings: MakeSettings) -> None:
    with pytest.raises(UsageError, match="which cluster") as refused:
        choose(make_settings(provider="existing"), {})
    assert "--k8snet-context NAME or --k8snet-kubeconfig FILE, or set KUBECONFIG" in refused.value.hint


@pytest.mark.parametrize("provider", ["kind", "embedded"])
@pytest.mark.parametrize("named", ["context", "kubeconfig"])
def test_a_cluster_of_its_own_and_a_named_one_exclude_each_other(
    make_settings: MakeSettings, provider: str, named: str
) -> None:
    with pytest.raises(UsageError, match=f"--k8snet-provider {provider} makes a cluster of its own"):
        choose(make_settings(provider=provider, **{named: "x"}), {})


@pytest.mark.parametrize("provider", ["existing", "kind", "embedded"])
def test_every_choice_has_its_provider(settings: Settings, provider: str) -> None:
    assert make(Choice(provider, ""), settings).name == provider
