"""The pages of the documentation that are made from the code: ``python -m pytest_k8snet.documentation docs``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_k8snet import catalogue, options, sig_network
from pytest_k8snet.checks import REQUIREMENTS
from pytest_k8snet.oracle import policy_page
from pytest_k8snet.policy import coverage
from pytest_k8snet.profiles import LEVELS, PROFILES

OPTIONS_PAGE = """\
# Options

`--k8snet` switches the plugin on; without it nothing below has any effect. Each option can be given on the command
line, by an environment variable, or in pytest's configuration file, where every value is a string. The command line
wins over the environment, the environment over the file. An empty variable is as good as none. A value that cannot be
used is refused before anything is made, with those that can.

{options}
## Profiles

| profile | levels | a probe times out after | an expectation must come true within | and then hold for |
|---|---|---|---|---|
{profiles}

Checks of the level performance compare paths in rounds ([performance.md](performance.md)), also in a profile that runs
them only when `-m performance` asks for them.

| profile | a verdict may fall after so many rounds | one measurement | a comparison takes at most | without a verdict |
|---|---|---|---|---|
{measuring}
"""
CHECKS_PAGE = """\
# Checks

Every check has a permanent id, by which reports and waivers know it. It comes from one clause of a specification, needs
what the column says of the cluster, and names the faults of the embedded cluster that it has been seen to catch
(`pytest --k8snet --k8snet-calibrate`). A check that needs what a cluster lacks is skipped, with the reason.

{checks}
## Levels

| level | meaning |
|---|---|
{levels}

## What a check can need

| name | meaning |
|---|---|
{requirements}
"""
COVERAGE_PAGE = """\
# Which cases of others are covered

The shipped cases of NetworkPolicy ([policy-cases.md](policy-cases.md)) hold every case of cyclonus's generator, every
test of kubernetes/kubernetes `test/e2e/network/netpol`, the conformance tests of kubernetes-sigs/network-policy-api,
and cases that none of them has. Unless a step asks less, each table asks 80 and 81 by TCP, UDP and SCTP, in every
family that the cluster has.

## cyclonus, in numbers

{groups}

Names of cyclonus's cases are ours, because its own are not unique: group, direction, and what is put in the place of
that part of its base policy ([decision 024](decisions/024-names-of-cyclonus-cases.md)).

## Upstream tests

{upstream}

## Conformance tests of network-policy-api

What they patch in between is a step here. `CNPAdminTierEgressNodePeers` and
`CNPBaselineTierEgressNodePeers` are not covered: there are only ordinary pods in the arena, and `nodes` is in the
experimental channel.

{conformance}

## Cases that none of them has

{beyond}

## cyclonus, case by case

{cyclonus}
"""
SIG_NETWORK_PAGE = """\
# Our checks and the tests of [sig-network]

Kubernetes has end-to-end tests of its network; those marked as conformance make a cluster a certified one. Where one of
our checks asks the same, it asks by value: which pod answered, and whom it saw. Names as of Kubernetes 1.35.

{areas}"""
SIG_NETWORK_AREA = """\
## {area}

{upstream}

### Ours alone

{alone}
"""
MADE = "<!-- Made by 'make docs' from the code: change it there. -->\n"


def pages() -> dict[str, str]:
    """Return the text of each page by the name of its file."""
    profiles = "\n".join(
        f"| `{name}` | {', '.join(level for level in LEVELS if level in profile.levels)} "
        f"| {profile.timeout:g} s | {profile.converge:g} s | {profile.hold:g} s |"
        for name, profile in PROFILES.items()
    )
    options_page = OPTIONS_PAGE.format(
        options=options.documentation(), profiles=profiles, measuring="\n".join(_measuring())
    )
    return {
        "options.md": MADE + options_page,
        "checks.md": MADE
        + CHECKS_PAGE.format(checks=catalogue.as_markdown(), levels=_rows(LEVELS), requirements=_rows(REQUIREMENTS)),
        "policy-oracle.md": MADE + policy_page.as_markdown(),
        "policy-coverage.md": MADE + _coverage(),
        "sig-network-coverage.md": MADE + _sig_network(),
    }


def _measuring() -> Iterator[str]:
    meanings = {"skip": "skipped", "error": "error"}
    for name, profile in PROFILES.items():
        given = profile.measuring
        looks = ", ".join(map(str, given.looks))
        yield f"| `{name}` | {looks} | {given.seconds:g} s | {given.budget:g} s | {meanings[given.undecided]} |"


def _sig_network() -> str:
    titles = {check.id: sentence for check, sentence in catalogue.all_checks()}
    found = sig_network.areas()
    if unknown := sig_network.unknown_checks(found, titles):
        raise ValueError(f"{sig_network.FOLDER} names checks that there are not: {', '.join(sorted(unknown))}")
    return SIG_NETWORK_PAGE.format(
        areas="\n".join(
            SIG_NETWORK_AREA.format(
                area=area.name.capitalize(),
                upstream=sig_network.upstream_table(area),
                alone=sig_network.alone_table(area, titles),
            )
            for area in found
        )
    )


def _coverage() -> str:
    cases = catalogue.policy_cases()
    return COVERAGE_PAGE.format(
        groups=coverage.groups(cases),
        upstream=coverage.by_upstream_name(cases),
        conformance=coverage.by_conformance_name(cases),
        beyond=coverage.beyond(cases),
        cyclonus=coverage.by_cyclonus_name(cases),
    )


def _rows(meanings: dict[str, str]) -> str:
    return "\n".join(f"| `{name}` | {meaning} |" for name, meaning in meanings.items())


def main(arguments: Sequence[str]) -> int:
    """Write the pages into the folder that is named. Return 0, or 2 when none is."""
    if len(arguments) != 1:
        print("usage: python -m pytest_k8snet.documentation FOLDER", file=sys.stderr)  # noqa: T201
        return 2
    for name, text in pages().items():
        Path(arguments[0], name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
