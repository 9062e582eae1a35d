"""What a kind of object is to the API: where it is served, how it is completed, checked and printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .columns import Column
from .objects import Obj
from .status import Cause

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


def _nothing(obj: Obj) -> None:
    pass


def _fine(obj: Obj, old: Obj | None) -> Iterable[Cause]:
    return ()


def _no_carry(obj: Obj, old: Obj) -> None:
    pass


def _no_grace(obj: Obj) -> int | None:
    return None


@dataclass(frozen=True)
class Subresource:
    """A path below an object, such as ``pods/exec``, with the kind that discovery names for it.

    ``group`` and ``version`` are given where they are not those of the object.
    """

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


SCALE = Subresource("scale", "Scale", ("get", "patch", "update"), "autoscaling", "v1")


def status_of(kind: str) -> Subresource:
    """Return the subresource by which the status of a kind is written."""
    return Subresource("status", kind, ("get", "patch", "update"))


@dataclass(frozen=True)
class Resource:
    """One kind of object: where it is served, how it is completed, checked and printed.

    ``begin`` gives a new object its first status, ``carry`` takes over into a changed one what a client does not
    repeat, ``complete`` fills in defaults: all in place. ``validate`` yields what is wrong with an object, given the
    one that it replaces (None when it is new). ``name_rule`` is a rule of ``names.wrong_name``. ``selectable`` are the
    fields that a field selector may name besides the common ones. ``grace`` gives the seconds that an object may take
    to end before someone removes it, None when it goes at once. ``answer`` makes a kind that is answered and never
    stored.
    """

    plural: str
    kind: str
    columns: Sequence[Column]
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = VERBS
    subresources: tuple[Subresource, ...] = ()
    name_rule: str = "subdomain"
    begin: Callable[[Obj], None] = _nothing
    carry: Callable[[Obj, Obj], None] = _no_carry
    complete: Callable[[Obj], None] = _nothing
    validate: Callable[[Obj, Obj | None], Iterable[Cause]] = _fine
    has_generation: bool = False
    selectable: tuple[str, ...] = ()
    grace: Callable[[Obj], int | None] = _no_grace
    answer: Callable[[Obj], Obj] | None = None

    @property
    def api_version(self) -> str:
        """``v1`` or ``networking.k8s.io/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        """The path below which the resource is served: ``api/v1`` or ``apis/networking.k8s.io/v1``."""
        return f"apis/{self.api_version}" if self.group else f"api/{self.version}"

    @property
    def qualified(self) -> str:
        """The plural with its group, as error messages name it: ``networkpolicies.networking.k8s.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        """The kind with its group: ``NetworkPolicy.networking.k8s.io``."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def has_status(self) -> bool:
        """Whether the status is written by a path of its own."""
        return any(sub.name == "status" for sub in self.subresources)

    def subresource(self, name: str) -> Subresource | None:
        """The subresource of that name."""
        return next((sub for sub in self.subresources if sub.name == name), None)
