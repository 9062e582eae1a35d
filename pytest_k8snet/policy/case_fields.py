"""Parts of policies that case files write alike, whatever the kind of the policy, every field looked at."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Mapping
from typing import Any

from pytest_k8snet.policy.located import Located
from pytest_k8snet.policy.placeholders import is_placeholder, mistake

PROTOCOLS = ("TCP", "UDP", "SCTP")
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")

Read = Callable[[Located], Any]


def read(found: Located, what: str, readers: Mapping[str, Read], required: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields of a mapping, each as its reader returns it."""
    return {name: readers[name](value) for name, value in found.fields(what, readers, required).items()}


def labels(found: Located) -> dict[str, str]:
    """Return labels; a number must be written as a text, as the API wants it."""
    return {name: _label_value(value) for name, value in found.entries("labels").items()}


def _label_value(found: Located) -> str:
    value = found.plain()
    if not isinstance(value, str):
        raise found.error(f"the value of a label is a text: write {str(value)!r} with quotes")
    return value


def selector(found: Located) -> dict[str, Any]:
    """Return a label selector."""
    readers: Mapping[str, Read] = {
        "matchLabels": labels,
        "matchExpressions": lambda all_of: [_expression(one) for one in all_of.items("expressions")],
    }
    return read(found, "a selector", readers)


def _expression(found: Located) -> dict[str, Any]:
    fields = found.fields("an expression", ("key", "operator", "values"), required=("key", "operator"))
    made: dict[str, Any] = {
        "key": fields["key"].text("a label's name"),
        "operator": fields["operator"].choice("operator", OPERATORS),
    }
    values = [_label_value(value) for value in fields["values"].items("values")] if "values" in fields else []
    if bool(values) != (made["operator"] in ("In", "NotIn")):
        raise found.error(f"{made['operator']} needs {'no ' if values else ''}values")
    return made | ({"values": values} if values else {})


def port_name(found: Located) -> str:
    """Return the name of a port."""
    name = found.text("a port's number or name")
    if len(name) > 15 or name.isdigit() or not all(part.isalnum() for part in name.split("-")) or name != name.lower():
        raise found.error(f"{name!r} is no name of a port: up to 15 of a-z, 0-9 and single hyphens")
    return name


def cidr(found: Located) -> str:
    """Return a CIDR, or a placeholder for some."""
    text = found.text("a CIDR")
    if is_placeholder(text):
        if wrong := mistake(text):
            raise found.error(wrong)
        return text
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise found.error(f"no CIDR: {error}") from None
    return text
