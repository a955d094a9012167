"""python3 tests/perf/refusing.py COMMAND...: run it where the kernel refuses fixed addresses and new namespaces, as in many containers.

A filter of system calls (seccomp) answers EPERM to personality with an argument that would change something, and to unshare.
"""

import ctypes
import os
import struct
import sys

LOAD, EQUAL, ANSWER = 0x20, 0x15, 0x06
ALLOW, EPERM = 0x7FFF0000, 0x00050001
NUMBER, ARGUMENT = 0, 16  # places in what a filter sees
UNSHARE, PERSONALITY = 272, 135
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
RULES = (
    (LOAD, 0, 0, NUMBER),
    (EQUAL, 3, 0, UNSHARE),
    (EQUAL, 0, 3, PERSONALITY),
    (LOAD, 0, 0, ARGUMENT),
    (EQUAL, 1, 0, 0xFFFFFFFF),  # asks, changes nothing
    (ANSWER, 0, 0, EPERM),
    (ANSWER, 0, 0, ALLOW),
)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("rules", ctypes.c_char_p)]


def refuse() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(RULES), b"".join(struct.pack("HBBI", *rule) for rule in RULES))
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if libc.prctl(SECCOMP, FILTER, ctypes.byref(program), 0, 0) != 0:
        sys.exit(f"refusing: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    refuse()
    os.execvp(sys.argv[1], sys.argv[1:])
