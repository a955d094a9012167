"""front: the process of a command: what ends it is told in one line on stderr and by the exit status, never by a traceback."""

from __future__ import annotations

import sys
from typing import Callable, NoReturn, Tuple, Type

from . import interrupt
from .interrupt import INTERRUPTED
from .streams import open_missing

BROKEN = 1
TROUBLE = 2  # usage, a file, a tool


class CommandError(Exception):
    """Something that ends a command, with the exit status that says what kind of thing it is."""

    def __init__(self, message: str, status: int = TROUBLE) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def run_command(name: str, main: Callable[[], int]) -> NoReturn:
    """Be the command from the process's start to its end."""
    interrupt.arm(name)
    try:
        open_missing()
        status = main()
    finally:
        interrupt.disarm()
    sys.exit(status)


def told(name: str, work: Callable[[], int], interrupted: str = "interrupted", troubles: Tuple[Type[Exception], ...] = ()) -> int:
    """Do a command's work; `troubles` are errors of other packages, `interrupted` tells what became of the work then."""
    try:
        return work()
    except CommandError as error:
        print(f"{name}: {error.message}", file=sys.stderr)
        return error.status
    except troubles as trouble:
        print(f"{name}: {trouble}", file=sys.stderr)
        return TROUBLE
    except BrokenPipeError:
        sys.stderr.close()
        return BROKEN
    except OSError as error:
        print(f"{name}: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        return TROUBLE
    except KeyboardInterrupt:
        print(f"{name}: {interrupted}", file=sys.stderr)
        return INTERRUPTED
