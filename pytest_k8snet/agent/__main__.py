"""``python3 -m agent serve --port N`` is a probe pod's main process, ``python3 -m agent probe`` is exec'd in it."""

from __future__ import annotations

import sys

from .opening import Opening


def main() -> None:
    """Say the first words, if there are any, then run the role that the command line names."""
    opening = Opening.of(sys.argv)
    # Not at the top: loading all this takes the first tenths of a second of a pod's life.
    from .roles import run

    run(opening)


if __name__ == "__main__":
    main()
