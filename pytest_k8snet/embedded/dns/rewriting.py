"""The ``rewrite`` directive: changes questions before they are answered, and answers so that they fit. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import dns.name
import dns.rdata
import dns.rrset

from pytest_k8snet.embedded.dns.answer import Question, Reply, RRsets
from pytest_k8snet.embedded.dns.rewrite_rules import Pattern, Rule, TtlRule, TypeRule

Rename: TypeAlias = Callable[[str], str | None]
"""From a name to another, None for one that it does not concern. Names are lower-case, without the dot at the end."""

HOLDING_NAMES = ("target", "exchange")
"""What of the data of records is a name: of CNAME, DNAME, NS, PTR and SRV, and of MX."""


Edit: TypeAlias = Callable[[Reply], Reply]


def rewrite(rules: Sequence[Rule], question: Question) -> tuple[Question, list[Edit]]:
    """Return the question that is to be answered, and what must then be done to its reply, in order.

    The first rule that fits is the last, unless it says ``continue``. The way back undoes the last rule first.
    """
    edits: list[Edit] = []
    for rule in rules:
        changed = _apply(rule, question)
        if changed is not None:
            question, more = changed
            edits = [*more, *edits]
            if not rule.go_on:
                break
    return question, edits


def _apply(rule: Rule, question: Question) -> tuple[Question, list[Edit]] | None:
    """The question by one rule and the way back, None when it does not fit."""
    if isinstance(rule, TypeRule):
        return (replace(question, kind=rule.new), []) if question.kind == rule.old else None
    new = rule.pattern(question.key)
    if new is None:
        return None
    if isinstance(rule, TtlRule):
        return question, [_with_ttl(rule.least, rule.most)]
    edits = []
    if rule.auto:
        edits += [_renamed(back, in_values) for back in [_back(rule.pattern, new, question)] for in_values in (0, 1)]
    edits += [_renamed(answer.pattern, answer.in_values) for answer in rule.answers]
    return replace(question, name=new), edits


def _back(pattern: Pattern, new: str, question: Question) -> Rename:
    """The way back: of a suffix for every name below it, of everything else for the name that was asked."""
    if pattern.kind == "suffix":
        return Pattern("suffix", pattern.new, pattern.old)
    return Pattern("exact", new, question.key)


def _with_ttl(least: int, most: int) -> Edit:
    def edit(rrset: dns.rrset.RRset) -> dns.rrset.RRset:
        return dns.rrset.from_rdata_list(rrset.name, min(max(rrset.ttl, least), most), list(rrset))

    return lambda reply: _each(reply, edit)


def _renamed(rename: Rename, in_values: bool | int) -> Edit:
    def name(old: dns.name.Name) -> dns.name.Name:
        new = rename(old.to_text(omit_final_dot=True).lower())
        return old if new is None else dns.name.from_text(f"{new}.")

    def value(rdata: dns.rdata.Rdata) -> dns.rdata.Rdata:
        held = {field: getattr(rdata, field) for field in HOLDING_NAMES if hasattr(rdata, field)}
        return rdata.replace(**{field: name(old) for field, old in held.items()}) if held else rdata

    def edit(rrset: dns.rrset.RRset) -> dns.rrset.RRset:
        if in_values:
            return dns.rrset.from_rdata_list(rrset.name, rrset.ttl, [value(rdata) for rdata in rrset])
        return dns.rrset.from_rdata_list(name(rrset.name), rrset.ttl, list(rrset))

    return lambda reply: _each(reply, edit)


def _each(reply: Reply, edit: Callable[[dns.rrset.RRset], dns.rrset.RRset]) -> Reply:
    def edited(rrsets: RRsets) -> RRsets:
        return tuple(map(edit, rrsets))

    return replace(
        reply,
        answer=edited(reply.answer),
        authority=edited(reply.authority),
        additional=edited(reply.additional),
    )
