"""``python3 ...`` without starting Python: the forked zygote becomes the program."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable, Sequence

NAMES = ("python", "python3")


def python_program(argv: Sequence[str]) -> Callable[[], None] | None:
    """Return what runs ``python3 [-u] [-B] (-m MODULE | -c CODE | FILE) [ARGUMENT ...]`` in this very process.

    None for other programs and for options that only a new interpreter can honour.
    """
    if argv[0] not in NAMES:
        return None
    rest = list(argv[1:])
    unbuffered = False
    while rest and rest[0] in ("-u", "-B"):
        unbuffered = unbuffered or rest[0] == "-u"
        rest.pop(0)
    if rest[:1] == ["-m"] and len(rest) > 1:
        return lambda: _run_module(rest[1], rest[2:], unbuffered)
    if rest[:1] == ["-c"] and len(rest) > 1:
        return lambda: _run_code(rest[1], rest[2:], unbuffered)
    if rest and not rest[0].startswith("-"):
        return lambda: _run_file(rest[0], rest[1:], unbuffered)
    return None


def _run_module(module: str, arguments: Sequence[str], unbuffered: bool) -> None:
    _become_fresh(os.getcwd(), [module, *arguments], unbuffered)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _run_code(code: str, arguments: Sequence[str], unbuffered: bool) -> None:
    _become_fresh("", ["-c", *arguments], unbuffered)
    exec(compile(code, "<string>", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})


def _run_file(path: str, arguments: Sequence[str], unbuffered: bool) -> None:
    if not os.path.exists(path):
        sys.stderr.write(f"python3: can't open file {os.path.abspath(path)!r}: [Errno 2] No such file or directory\n")
        raise SystemExit(2)
    _become_fresh(os.path.dirname(os.path.realpath(path)), [path, *arguments], unbuffered)
    runpy.run_path(path, run_name="__main__")


def _become_fresh(first: str, argv: list[str], unbuffered: bool) -> None:
    """Give the program the sys.path, arguments and streams that it would have in an interpreter of its own."""
    added = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [first, *added, *(entry for entry in sys.path if _of_interpreter(entry))]
    sys.argv[:] = argv
    sys.dont_write_bytecode = True
    write_through = unbuffered or bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - they live as long as the program
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1 if os.isatty(1) else -1)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, errors="backslashreplace", buffering=1)  # noqa: SIM115
    if write_through:
        sys.stdout.reconfigure(write_through=True)


def _of_interpreter(entry: str) -> bool:
    return entry.startswith((sys.prefix, sys.base_prefix, "/usr/"))
