"""What all pictures are made of: a drawing with a title that is read aloud, and marks on it."""

from __future__ import annotations

from pytest_k8snet.report.markup import Markup, element

WIDTH = 720
TONES = 6
"""How many lines a picture can tell apart: by colour on a screen, by dashes in print."""


def drawing(title: str, description: str, height: float, *marks: str) -> Markup:
    """Return a picture of the usual width as a figure with its caption.

    ``description`` says in words what the picture shows, for those who do not see it.
    """
    picture = element(
        "svg",
        element("title", title),
        element("desc", description),
        *marks,
        viewBox=f"0 0 {WIDTH} {height:g}",
        role="img",
        xmlns="http://www.w3.org/2000/svg",
    )
    return element("figure", element("figcaption", title), picture, class_="picture")


def text(x: float, y: float, said: str, *, anchor: str = "start", class_: str = "") -> Markup:
    """Return a label whose baseline is at y."""
    return element("text", said, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_=class_)


def line(x: float, y: float, to_x: float, to_y: float, class_: str) -> Markup:
    """Return a straight line."""
    return element("line", x1=f"{x:.1f}", y1=f"{y:.1f}", x2=f"{to_x:.1f}", y2=f"{to_y:.1f}", class_=class_)


def box(x: float, y: float, width: float, height: float, class_: str, title: str = "", opacity: str = "") -> Markup:
    """Return a rectangle; ``title`` appears where the pointer rests on it."""
    return element(
        "rect",
        element("title", title) if title else "",
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        width=f"{max(width, 0):.1f}",
        height=f"{height:.1f}",
        fill_opacity=opacity,
        class_=class_,
    )
