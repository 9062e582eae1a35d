"""Name servers, who asks them, and the Services that they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance_suites.dns.drilled import Drill
from conformance_suites.dns.shop import Shop, open_shop
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.dns.configuration import Configuration, NoCorefile, find_configuration
from pytest_k8snet.dns.drill import changed_corefile, with_drill
from pytest_k8snet.dns.naming import Naming, Silent
from pytest_k8snet.dns.permissions import OF_DRILLS, refused
from pytest_k8snet.dns.resolving import Stub
from pytest_k8snet.dns.servers import NameServers
from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.probing import Probing


@pytest.fixture(scope="session")
def corefile(cluster: Cluster, name_servers: NameServers) -> Configuration:
    """Return what the cluster's own Corefile says of the cluster domain."""
    try:
        return find_configuration(cluster, name_servers)
    except NoCorefile as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def silent(cluster: Cluster) -> Silent:
    """Return what is known of name servers that do not answer."""
    return Silent(cluster)


@pytest.fixture(scope="session")
def shop(cluster: Cluster, name_servers: NameServers) -> Iterator[Shop]:
    """Return the Services that most checks ask for; nobody changes them."""
    with cluster.namespace("DNS records") as first, cluster.namespace("DNS records, too") as second:
        yield open_shop(cluster, first, second, name_servers.domain)


@pytest.fixture
def naming(cluster: Cluster, probe: Probing, name_servers: NameServers, silent: Silent) -> Naming:
    """Return what asks the name servers and records for this check."""
    return Naming(cluster, probe, name_servers, silent, cluster.fleet.pods[0])


@pytest.fixture(scope="session")
def cached(cluster: Cluster, name_servers: NameServers) -> int:
    """Return for how many seconds answers may be out of date because the name servers cache them; 0 when unknown."""
    try:
        return find_configuration(cluster, name_servers).remembered
    except (NoCorefile, NoVerdict):
        return 0


@pytest.fixture(scope="session")
def cached_reverse(cluster: Cluster, name_servers: NameServers) -> int:
    """Return the same for the names of addresses, which somebody else may have had a moment ago."""
    try:
        return find_configuration(cluster, name_servers).remembered_reverse
    except (NoCorefile, NoVerdict):
        return 0


@pytest.fixture(scope="module")
def drill(
    cluster: Cluster, namespace: Namespace, name_servers: NameServers, corefile: Configuration
) -> Iterator[Drill]:
    """Return the drill with its Corefile in the ConfigMap."""
    if reason := refused(cluster.api, OF_DRILLS):
        pytest.skip(reason)
    pod = namespace.pod("upstream")
    stub, text = Stub(cluster.attachment.prober, pod, seconds=1200.0), with_drill(corefile.text, pod.addresses[0])
    with changed_corefile(cluster, name_servers, text):
        yield Drill(stub, pod, text)
