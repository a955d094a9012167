"""interrupt: SIGTERM ends a command as Ctrl-C does, and neither is lost.

Python raises KeyboardInterrupt wherever it is at that moment. In a finaliser (`__del__`, a weak reference's callback) it prints the
exception and goes on as if nothing had come. There the signal is sent once more, a moment later.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

AGAIN_SECONDS = 0.001


def arm() -> None:
    """From now on SIGINT and SIGTERM raise KeyboardInterrupt where it can be caught. For a command's main thread, once."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tell = sys.unraisablehook

    def again(unraisable: Any) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        else:
            tell(unraisable)

    sys.unraisablehook = again
