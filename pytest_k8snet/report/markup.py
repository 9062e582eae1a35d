"""HTML by construction: a child that is a plain string is escaped, so that nothing from a cluster can be markup."""

from __future__ import annotations

import html
from collections.abc import Iterable

WITHOUT_END = frozenset({"br", "input", "meta"})


class Markup(str):
    """Text that is HTML already. Whatever str does with it gives a plain string again, which is escaped again."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Return text as HTML; Markup stays as it is."""
    return text if isinstance(text, Markup) else Markup(html.escape(text))


def joined(parts: Iterable[str], separator: str = "") -> Markup:
    """Put parts after each other, each escaped unless it is Markup."""
    return Markup(escaped(separator).join(escaped(part) for part in parts))


def element(name: str, /, *children: str, **attributes: str | bool) -> Markup:
    """Return an element. ``class_`` is the attribute ``class``; True gives a bare attribute, False and "" none."""
    given = [
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(str(value))}"')
        for key, value in attributes.items()
        if value is not False and value != ""
    ]
    start = f"<{name}{''.join(given)}>"
    return Markup(start if name in WITHOUT_END else f"{start}{joined(children)}</{name}>")


def link(address: str, text: str = "") -> Markup:
    """Return a link to a web address; any other address (``javascript:`` is one) becomes text."""
    if not address.startswith(("https://", "http://")):
        return escaped(text or address)
    return element("a", text or address, href=address, rel="noreferrer")
