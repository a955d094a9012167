"""interrupt: SIGTERM ends a command as Ctrl-C does, neither is lost, and neither is told by a traceback.

Python raises KeyboardInterrupt wherever it is at that moment: also where a command imports its modules, or tells of another trouble.
What nobody catches there is told in a line. In a finaliser (`__del__`, a weak reference's callback) Python prints the exception and
goes on as if nothing had come; there the signal is sent once more, a moment later.
"""

from __future__ import annotations

import os
import signal
import sys
from types import TracebackType
from typing import Any, Optional, Type

AGAIN_SECONDS = 0.001
INTERRUPTED = 130


def arm(name: str) -> None:
    """From now on SIGINT and SIGTERM raise KeyboardInterrupt where it can be caught. For a command's main thread, once, as it begins."""
    tell_ignored, tell = sys.unraisablehook, sys.excepthook

    def again(unraisable: Any) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        else:
            tell_ignored(unraisable)

    def uncaught(kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            tell(kind, error, trace)
            return
        disarm()
        sys.stdout.flush()
        print(f"{name}: interrupted", file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)

    sys.unraisablehook, sys.excepthook = again, uncaught
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def disarm() -> None:
    """The work is done and told: what comes from now on has nothing to end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
