"""``python3 ...`` without starting Python: the forked zygote becomes the program."""

from __future__ import annotations

import io
import itertools
import os
import runpy
import sys
from collections.abc import Callable, Iterator, Sequence, Set
from types import TracebackType

NAMES = ("python", "python3")


def python_program(argv: Sequence[str]) -> Callable[[], None] | None:
    """Return what runs ``python3 [-u] [-B] (-m MODULE | -c CODE | FILE) [ARGUMENT ...]`` in this very process.

    None for other programs and for options that only a new interpreter can honour.
    """
    if argv[0] not in NAMES:
        return None
    rest = list(argv[1:])
    flags = set()
    while rest and rest[0] in ("-u", "-B"):
        flags.add(rest.pop(0))
    if rest[:1] == ["-m"] and len(rest) > 1:
        return lambda: _run_module(rest[1], rest[2:], flags)
    if rest[:1] == ["-c"] and len(rest) > 1:
        return lambda: _run_code(rest[1], rest[2:], flags)
    if rest and not rest[0].startswith("-"):
        return lambda: _run_file(rest[0], rest[1:], flags)
    return None


def _run_module(module: str, arguments: Sequence[str], flags: Set[str]) -> None:
    _become_fresh(os.getcwd(), [module, *arguments], flags)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _run_code(code: str, arguments: Sequence[str], flags: Set[str]) -> None:
    _become_fresh("", ["-c", *arguments], flags)
    exec(compile(code, "<string>", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})


def _run_file(path: str, arguments: Sequence[str], flags: Set[str]) -> None:
    if not os.path.exists(path):
        sys.stderr.write(f"python3: can't open file {os.path.abspath(path)!r}: [Errno 2] No such file or directory\n")
        raise SystemExit(2)
    _become_fresh(os.path.dirname(os.path.realpath(path)), [path, *arguments], flags)
    runpy.run_path(path, run_name="__main__")


def _become_fresh(first: str, argv: list[str], flags: Set[str]) -> None:
    """Give the program the sys.path, arguments and streams that it would have in an interpreter of its own."""
    added = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [first, *added, *(entry for entry in sys.path if _of_interpreter(entry))]
    sys.argv[:] = argv
    sys.dont_write_bytecode = "-B" in flags or bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    sys.excepthook = _tell_without_us
    unbuffered = "-u" in flags or bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = io.TextIOWrapper(io.BufferedReader(_stream(0, "r")), encoding="utf-8")
    sys.stdout = _writer(1, unbuffered=unbuffered, line_buffering=os.isatty(1))
    sys.stderr = _writer(2, unbuffered=unbuffered, line_buffering=True, errors="backslashreplace")


def _stream(descriptor: int, mode: str) -> io.FileIO:
    return io.FileIO(descriptor, mode, closefd=False)


def _writer(descriptor: int, *, unbuffered: bool, line_buffering: bool, errors: str = "strict") -> io.TextIOWrapper:
    raw = _stream(descriptor, "w")
    if unbuffered:
        # A raw stream in place of a buffer is what python3 -u has as well, whatever the types say.
        return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, write_through=True)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors=errors, line_buffering=line_buffering)


def _of_interpreter(entry: str) -> bool:
    return entry.startswith((sys.prefix, sys.base_prefix, "/usr/"))


def _tell_without_us(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print a traceback that begins with the program, not with the zygote that became it."""
    frames = list(_frames(trace))
    ours = max((number for number, frame in enumerate(frames) if _file(frame) == __file__), default=-1)
    rest = itertools.dropwhile(lambda frame: _file(frame) == "<frozen runpy>", frames[ours + 1 :])
    sys.__excepthook__(kind, error.with_traceback(next(rest, None)), None)


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _file(frame: TracebackType) -> str:
    return frame.tb_frame.f_code.co_filename
