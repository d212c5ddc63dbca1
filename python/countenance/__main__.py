"""The command line: ``countenance``, or ``python -m countenance``."""

import signal
import sys

from . import _native


def main() -> int:
    """Runs the command line and gives the exit status."""
    # Python would notice Ctrl-C only after the command's end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native.run_command(["countenance", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
