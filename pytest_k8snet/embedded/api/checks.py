"""The building blocks of validation: each yields the causes of a 422, in the words of Kubernetes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from .names import wrong_label_key, wrong_label_value, wrong_name
from .status import Cause

IP_EXAMPLE = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
CIDR_EXAMPLE = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
PORT_RANGE = "must be between 1 and 65535, inclusive"
LINK_LOCAL_MULTICAST = {4: ipaddress.ip_network("224.0.0.0/24"), 6: ipaddress.ip_network("ff02::/10", strict=False)}
CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")

WRONG_CONFIG_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    f"(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '{CONFIG_KEY.pattern}')"
)


def required(path: str, why: str = "") -> Cause:
    """A field that must be there."""
    return Cause(path, f"Required value: {why}" if why else "Required value", "FieldValueRequired")


def invalid(path: str, value: Any, why: str) -> Cause:
    """A value that cannot be."""
    return Cause(path, f"Invalid value: {msgspec.json.encode(value).decode()}: {why}")


def forbidden(path: str, why: str) -> Cause:
    """A field that must not be set, or not be changed."""
    return Cause(path, f"Forbidden: {why}", "FieldValueForbidden")


def unsupported(path: str, value: Any, choices: Iterable[str]) -> Cause:
    """A value that is none of the possible ones."""
    listed = ", ".join(f'"{choice}"' for choice in choices)
    return Cause(path, f'Unsupported value: "{value}": supported values: {listed}', "FieldValueNotSupported")


def check_name(value: Any, path: str, rule: str) -> Iterator[Cause]:
    """A name that follows a rule of ``names.wrong_name``; an empty one passes."""
    if value and (why := wrong_name(value, rule)):
        yield invalid(path, value, why)


def check_port(value: Any, path: str) -> Iterator[Cause]:
    """A port's number."""
    if value is not None and not 0 < value < 65536:
        yield invalid(path, value, PORT_RANGE)


def check_port_or_name(value: Any, path: str) -> Iterator[Cause]:
    """A port's number or the name of a container's port."""
    if isinstance(value, str):
        yield from check_port_name(value, path)
    else:
        yield from check_port(value, path)


def check_port_name(name: str, path: str) -> Iterator[Cause]:
    """The name of a container's port (RFC 6335 service name)."""
    if len(name) > 15:
        yield invalid(path, name, "must be no more than 15 characters")
    if not re.fullmatch(r"[-a-z0-9]+", name):
        yield invalid(path, name, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    elif not re.search(r"[a-z]", name):
        yield invalid(path, name, "must contain at least one letter (a-z)")
    elif "--" in name or name[0] == "-" or name[-1] == "-":
        yield invalid(path, name, "must not contain consecutive hyphens, or begin or end with one")


def parse_ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, None when ``text`` is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def parse_cidr(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The network, whatever its host bits; None when ``text`` is none."""
    try:
        return ipaddress.ip_network(text, strict=False) if "/" in text else None
    except ValueError:
        return None


def check_ip(text: str, path: str) -> Iterator[Cause]:
    """An IP address."""
    if parse_ip(text) is None:
        yield invalid(path, text, IP_EXAMPLE)


def check_routable(text: str, path: str) -> Iterator[Cause]:
    """An IP address that can be reached from elsewhere."""
    address = parse_ip(text)
    if address is None:
        yield invalid(path, text, IP_EXAMPLE)
    elif address.is_unspecified:
        yield invalid(path, text, f"may not be unspecified ({text})")
    elif address.is_loopback:
        yield invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    elif address.is_link_local:
        yield invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    elif address in LINK_LOCAL_MULTICAST[address.version]:
        yield invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")


def check_cidr(text: str, path: str) -> Iterator[Cause]:
    """A network address with its prefix length."""
    if parse_cidr(text) is None:
        yield invalid(path, text, CIDR_EXAMPLE)


def check_label_map(labels: Mapping[str, str], path: str) -> Iterator[Cause]:
    """Labels, or a selector that lists labels."""
    for key, value in labels.items():
        if why := wrong_label_key(key):
            yield invalid(path, key, why)
        if why := wrong_label_value(value):
            yield invalid(path, value, why)


def check_selector(selector: Mapping[str, Any], path: str) -> Iterator[Cause]:
    """A LabelSelector object."""
    yield from check_label_map(selector.get("matchLabels") or {}, f"{path}.matchLabels")
    for index, item in enumerate(selector.get("matchExpressions") or ()):
        at = f"{path}.matchExpressions[{index}]"
        operator, values = item.get("operator"), item.get("values") or []
        if operator in ("In", "NotIn") and not values:
            yield required(f"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist") and values:
            why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield forbidden(f"{at}.values", why)
        elif operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            yield invalid(f"{at}.operator", operator, "not a valid selector operator")
        if item.get("key") and (wrong := wrong_label_key(item["key"])):
            yield invalid(f"{at}.key", item["key"], wrong)


def check_unique(items: Iterable[Mapping[str, Any]], path: str, key: str) -> Iterator[Cause]:
    """No two entries of a list with the same value of ``key``; entries without it pass."""
    yield from check_distinct(items, lambda item: item.get(key), path, key)


def check_distinct(
    items: Iterable[Mapping[str, Any]], identify: Callable[[Mapping[str, Any]], Hashable], path: str, key: str
) -> Iterator[Cause]:
    """No two entries of a list with the same identity; None and the empty text are none."""
    seen: set[Hashable] = set()
    for index, item in enumerate(items):
        identity = identify(item)
        if identity in (None, ""):
            continue
        if identity in seen:
            yield Cause(f"{path}[{index}].{key}", f'Duplicate value: "{identity}"', "FieldValueDuplicate")
        seen.add(identity)


def check_data_keys(data: Mapping[str, Any], path: str) -> Iterator[Cause]:
    """The keys of a ConfigMap or Secret, which become names of files."""
    for key in sorted(data):
        at = f"{path}[{key}]"
        if not CONFIG_KEY.fullmatch(key):
            yield invalid(at, key, WRONG_CONFIG_KEY)
        elif key in (".", ".."):
            yield invalid(at, key, f"must not be '{key}'")
        elif len(key) > 253:
            yield invalid(at, key, "must be no more than 253 characters")


def check_unchanged(obj: Any, old: Any, path: str) -> Iterator[Cause]:
    """A field that is settled when the object is made."""
    if obj != old:
        yield invalid(path, obj, "field is immutable")
