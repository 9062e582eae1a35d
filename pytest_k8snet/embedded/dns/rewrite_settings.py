"""What a ``rewrite`` directive of a Corefile means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import dns.exception
import dns.rdatatype

from pytest_k8snet.corefile import CorefileError, Directive
from pytest_k8snet.embedded.dns.arguments import as_written, unknown_option, whole_number
from pytest_k8snet.embedded.dns.rewrite_rules import AnswerRule, NameRule, Pattern, Rule, TtlRule, TypeRule

KINDS = ("exact", "prefix", "suffix", "substring", "regex")
MAX_TTL = 2**31 - 1


def rewrite_rule(directive: Directive) -> Rule:
    """Return the rule of a ``rewrite`` directive. Raises CorefileError for what is wrong or not known here."""
    words = list(directive.arguments)
    go_on = bool(words) and words[0] == "continue"
    if words and words[0] in ("continue", "stop"):
        words.pop(0)
    answers: list[Directive] = []
    if directive.block:
        if words:
            raise CorefileError(directive.line, "rewrite: expected its rule on one line, or all of it in the block")
        (first, *answers) = directive.block
        words = [first.name, *first.arguments]
    rule = _rule(words, directive)
    for inner in answers:
        if inner.name != "answer" or not isinstance(rule, NameRule):
            raise unknown_option(directive, inner, "name, followed by answer")
        rule = _with_answers(rule, list(inner.arguments), inner)
    return replace(rule, go_on=go_on)


def _rule(words: list[str], directive: Directive) -> Rule:
    match words:
        case ["name", *rest]:
            return _name_rule(rest, directive)
        case ["type", old, new]:
            return TypeRule(_type(old, directive), _type(new, directive))
        case ["ttl", *rest] if len(rest) in (2, 3):
            *pattern, seconds = rest
            least, hyphen, most = seconds.partition("-")
            lower = whole_number(directive, least or "0", MAX_TTL)
            upper = whole_number(directive, most or str(MAX_TTL), MAX_TTL) if hyphen else lower
            return TtlRule(_pattern([*pattern, ""], directive), lower, upper)
    raise CorefileError(directive.line, f"rewrite: expected name, type or ttl, seen {as_written(directive)}")


def _name_rule(words: list[str], directive: Directive) -> NameRule:
    place = words.index("answer") if "answer" in words else len(words)
    pattern = _pattern(words[:place], directive)
    # CoreDNS gives the answer to an exact rewrite the name that was asked in any case.
    rule = NameRule(pattern, auto=pattern.kind == "exact")
    rest = words[place + 1 :]
    while rest:
        upto = rest.index("answer") if "answer" in rest else len(rest)
        rule, rest = _with_answers(rule, rest[:upto], directive), rest[upto + 1 :]
    return rule


def _with_answers(rule: NameRule, words: Sequence[str], directive: Directive) -> NameRule:
    match words:
        case ["auto"]:
            return replace(rule, auto=True)
        case ["name" | "value" as what, old, new]:
            answer = AnswerRule(_pattern(["regex", old, new], directive), in_values=what == "value")
            return replace(rule, answers=(*rule.answers, answer))
    expected = "'answer auto', 'answer name FROM TO' or 'answer value FROM TO'"
    raise CorefileError(directive.line, f"rewrite: expected {expected}, seen {as_written(directive)}")


def _pattern(words: Sequence[str], directive: Directive) -> Pattern:
    if len(words) == 2:
        words = ("exact", *words)
    if len(words) != 3 or words[0] not in KINDS:
        kinds = "|".join(KINDS)
        raise CorefileError(directive.line, f"rewrite: expected [{kinds}] FROM TO, seen {as_written(directive)}")
    kind, old, new = words
    if kind == "regex":
        try:
            re.compile(old)
        except re.error as error:
            raise CorefileError(directive.line, f"rewrite: {old!r} is no regular expression: {error}") from error
        return Pattern(kind, old, new)
    # Names are compared without the dot at their end; a prefix or substring keeps its own.
    ends = kind in ("exact", "suffix")
    return Pattern(kind, *(text.lower().removesuffix(".") if ends else text.lower() for text in (old, new)))


def _type(name: str, directive: Directive) -> str:
    try:
        return dns.rdatatype.to_text(dns.rdatatype.from_text(name))
    except (dns.exception.DNSException, ValueError) as error:
        raise CorefileError(directive.line, f"rewrite: expected a type such as AAAA, seen {name!r}") from error
