"""The commands that lead from one content of a table to another."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.embedded.nftables.content import EMPTY, Content, commands, joined, name_for, packed, size

SHARED = Content(sets={"dispatch": "map { type ifname : verdict; }"})


class Kernel:
    """A table as the kernel keeps it: nothing may be named before it is there, or go while something names it."""

    def __init__(self) -> None:
        self.sets: dict[str, str] = {}
        self.chains: dict[str, tuple[str, ...]] = {}
        self.elements: dict[tuple[str, str], str] = {}

    def run(self, command: str) -> None:
        verb, kind, table, rest = re.fullmatch(r"(\w+) (\w+) (inet t) (.*)", command).groups()  # type: ignore[union-attr]
        assert table == "inet t"
        name, _, body = rest.partition(" ")
        getattr(self, f"{verb}_{'set' if kind == 'map' else kind}")(
            name, f"{kind} {body}" if kind in ("set", "map") else body
        )

    def add_set(self, name: str, body: str) -> None:
        assert name not in self.sets
        self.sets[name] = body

    def delete_set(self, name: str, body: str) -> None:
        assert name in self.sets
        assert not any(f"@{name}" in rule for rules in self.chains.values() for rule in rules), f"{name} is in use"
        del self.sets[name]
        self.elements = {key: value for key, value in self.elements.items() if key[0] != name}

    def add_chain(self, name: str, body: str) -> None:
        assert name not in self.chains
        self.chains[name] = (body.strip("{ ;}"),) if body else ()

    def flush_chain(self, name: str, body: str) -> None:
        self.chains[name] = ()

    def delete_chain(self, name: str, body: str) -> None:
        assert self.chains.pop(name) == (), f"{name} is not empty"
        used = [*self.elements.values(), *(rule for rules in self.chains.values() for rule in rules)]
        assert not any(text.endswith(f"jump {name}") for text in used), f"{name} is in use"

    def add_rule(self, name: str, rule: str) -> None:
        for target in re.findall(r"jump (\S+)", rule):
            assert target in self.chains
        for used in re.findall(r"@(\S+)", rule):
            assert used in self.sets
        self.chains[name] += (rule,)

    def add_element(self, name: str, body: str) -> None:
        assert name in self.sets
        for element in body.strip("{} ").split(", "):
            key, _, value = element.partition(" : ")
            assert self.elements.get((name, key), value) == value, f"{key} is in {name} with another value"
            assert not value or value.removeprefix("jump ") in self.chains
            self.elements[name, key] = value

    def delete_element(self, name: str, body: str) -> None:
        for key in body.strip("{} ").split(", "):
            del self.elements[name, key]

    def content(self) -> Content:
        return Content(self.sets, self.chains, self.elements)


keys = st.integers(0, 99)


@st.composite
def parts(draw: st.DrawFn) -> Content:
    """A part of a table: sets, chains that look into them and jump to each other, and who is sent to which chain."""
    sets = {f"s{number}": "set { type inet_service; }" for number in draw(st.sets(st.integers(0, 3)))}
    chains: dict[str, tuple[str, ...]] = {}
    for number in sorted(draw(st.sets(st.integers(0, 4)))):
        rules = draw(st.lists(st.sampled_from(["accept", *(f"tcp dport @{name} drop" for name in sets)]), max_size=3))
        jumps = draw(st.lists(st.sampled_from([f"jump {name}" for name in chains]), max_size=2)) if chains else []
        chains[f"c{number}"] = (*rules, *jumps)
    elements = {(name, str(key)): "" for name in sets for key in draw(st.sets(keys, max_size=120))}
    for key in draw(st.sets(keys, max_size=8)) if chains else ():
        elements["dispatch", str(key)] = f"jump {draw(st.sampled_from(sorted(chains)))}"
    return Content(sets, chains, elements)


@given(st.lists(parts(), min_size=1, max_size=4))
def test_the_commands_lead_from_each_content_to_the_next(course: list[Content]) -> None:
    kernel = Kernel()
    present = EMPTY
    for command in commands("inet t", EMPTY, SHARED):
        kernel.run(command)
    for wanted in course:
        for command in commands("inet t", present, wanted):
            kernel.run(command)
        assert kernel.content() == joined([SHARED, wanted])
        present = wanted


@given(parts())
def test_what_is_there_already_needs_no_command(content: Content) -> None:
    assert commands("inet t", content, content) == []


@given(parts(), parts())
def test_only_what_differs_is_told(old: Content, new: Content) -> None:
    kept = {element for element, value in old.elements.items() if new.elements.get(element) == value}
    kept = {(name, key) for name, key in kept if name in new.sets or name == "dispatch"}
    told = " ".join(command for command in commands("inet t", old, new) if " element " in command)
    assert not any(re.search(rf" {name} {{[^}}]*\b{key}\b(?! :)", told) for name, key in kept if name != "dispatch")


def test_a_base_chain_begins_with_its_hook() -> None:
    hook = "type filter hook forward priority filter"
    made = commands("inet t", EMPTY, Content(chains={"c": (hook, "accept")}))
    assert made == [f"add chain inet t c {{ {hook}; }}", "add rule inet t c accept"]


def test_names_tell_equal_from_different() -> None:
    assert name_for("p", "a", "b") == name_for("p", "a", "b")
    assert len({name_for("p", "a", "b"), name_for("p", "ab"), name_for("q", "a", "b"), name_for("p", "b", "a")}) == 4


@pytest.mark.parametrize(
    ("counts", "limit", "packed_counts"),
    [([3, 3, 3], 10, [9]), ([6, 6], 10, [6, 6]), ([2, 25, 2], 10, [10, 10, 9]), ([], 10, []), ([0, 0], 10, [])],
)
def test_changes_share_transactions_but_are_not_cut(counts: list[int], limit: int, packed_counts: list[int]) -> None:
    changes = [[f"add chain inet t c{number}.{n}" for n in range(count)] for number, count in enumerate(counts)]
    made = list(packed(changes, limit * size(["add chain inet t c0.0"])))
    assert [len(transaction) for transaction in made] == packed_counts
    assert [one for transaction in made for one in transaction] == [one for change in changes for one in change]


@pytest.mark.parametrize(
    ("command", "bytes_"),
    [
        ("add chain inet t endpoint-0123456789abcdef", 60),
        ("add rule inet t c0123456789abcdef accept", 104),
        ("add rule inet t c0123456789abcdef ip saddr @s goto c", 328),
        ("add rule inet t c0123456789abcdef tcp dport { 80, 95 } return", 485),
        (f"add rule inet t c tcp dport {{ {', '.join(map(str, range(10)))} }} return", 613),
        ("add rule inet t c tcp dport { 80-90, 95, 100-200 } return", 605),
        ("add set inet t s { type ipv4_addr; flags dynamic,timeout; timeout 10s; }", 116),
        (f"add element inet t m {{ {', '.join(f'10.0.0.{n} . tcp . 80 : goto c' for n in range(50))} }}", 3276),
    ],
)
def test_the_room_for_a_command_is_not_underestimated(command: str, bytes_: int) -> None:
    """The bytes are what nft 1.0.6 was found to need."""
    assert bytes_ <= size([command]) < 4 * bytes_ + 100
