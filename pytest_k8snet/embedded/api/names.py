"""What names, labels and annotations may look like (k8s.io/apimachinery ``validation``, RFC 1123 and RFC 1035)."""

from __future__ import annotations

import re

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")


def _rule(text: str, pattern: re.Pattern[str], *examples: str) -> str:
    """A rule as Kubernetes words it, with examples (and its odd spaces) and the expression."""
    shown = ",  or ".join(f"'{example}'" for example in examples)
    return f"{text} (e.g. {shown}, regex used for validation is '{pattern.pattern}')"


_ENDS = "must start and end with an alphanumeric character"
WRONG_LABEL = _rule(
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and {_ENDS}",
    DNS_LABEL,
    "my-name",
    "123-abc",
)
WRONG_1035 = _rule(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character",
    DNS_1035,
    "my-name",
    "abc-123",
)
WRONG_SUBDOMAIN = _rule(
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and {_ENDS}",
    DNS_SUBDOMAIN,
    "example.com",
)
WRONG_QUALIFIED = _rule(
    f"name part must consist of alphanumeric characters, '-', '_' or '.', and {_ENDS}",
    QUALIFIED,
    "MyName",
    "my.name",
    "123-abc",
)
NO_DOTS = "must not contain dots"
OPTIONAL_PREFIX = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
WRONG_VALUE = _rule(
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and {_ENDS}",
    LABEL_VALUE,
    "MyValue",
    "my_value",
    "12345",
)


def wrong_name(name: str, rule: str) -> str | None:
    """Why ``name`` breaks ``rule`` (``label``, ``label1035`` or ``subdomain``), None when it does not."""
    pattern, text, longest = {
        "label": (DNS_LABEL, WRONG_LABEL, 63),
        "label1035": (DNS_1035, WRONG_1035, 63),
        "subdomain": (DNS_SUBDOMAIN, WRONG_SUBDOMAIN, 253),
    }[rule]
    if len(name) > longest:
        return f"must be no more than {longest} characters"
    if pattern.fullmatch(name):
        return None
    return NO_DOTS if rule == "label" and DNS_SUBDOMAIN.fullmatch(name) else text


def wrong_label_key(key: str) -> str | None:
    """Why ``key`` cannot be the key of a label or annotation, None when it can."""
    if key.count("/") > 1:
        return f"{WRONG_QUALIFIED.replace('name part', 'a qualified name', 1)} {OPTIONAL_PREFIX}"
    prefix, slash, name = key.rpartition("/")
    if slash and not prefix:
        return "prefix part must be non-empty"
    if slash and (why := wrong_name(prefix, "subdomain")):
        return f"prefix part {why}"
    if not name:
        return "name part must be non-empty"
    if len(name) > 63:
        return "name part must be no more than 63 characters"
    return None if QUALIFIED.fullmatch(name) else WRONG_QUALIFIED


def wrong_label_value(value: str) -> str | None:
    """Why ``value`` cannot be the value of a label, None when it can."""
    if len(value) > 63:
        return "must be no more than 63 characters"
    return None if LABEL_VALUE.fullmatch(value) else WRONG_VALUE
