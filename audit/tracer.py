"""tracer: run a command under ptrace and write down what it asked the kernel for; a program of its own, started by audit.trace.

    python3 tracer.py ANSWER -- COMMAND...

Each process, thread and program that comes of the command is followed. The answer is a file of JSON, an object a line: what was opened,
mapped, written, renamed, linked, removed and executed. It is a program of its own because a tracer must be the parent, waits for all
of its children, and must be contained and timed like any other command. Standard library alone; x86-64 Linux, 5.3 or later.
Exit status: 0 traced, whatever the command's own status, which is the last line; 3 the kernel refuses tracing.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import struct
import sys
from typing import Any, Dict, List, NoReturn, Optional, Set, Tuple

TRACE_ME, SET_OPTIONS, SYSCALL, GET_SYSCALL_INFO = 0, 0x4200, 24, 0x420E
OPTIONS = 0x100000 | 0x1 | 0x2 | 0x4 | 0x8 | 0x10  # end with the tracer; mark system calls; follow fork, vfork, clone, exec
ALL_CHILDREN = 0x40000000  # __WALL
SYSCALL_STOP = signal.SIGTRAP | 0x80
ENTRY, EXIT = 1, 2
X86_64 = 0xC000003E
AT_FDCWD = -100
MOST_PATH = 4096
REFUSED = 3

# What a system call's arguments are: p a path, d the folder that the next path starts at, f a descriptor, n the bytes asked for, m flags.
CALLS: Dict[int, Tuple[str, str]] = {
    1: ("write", "f n"),
    2: ("open", "pm"),
    9: ("map", " npmf"),
    18: ("write", "f n"),
    20: ("write", "f"),
    40: ("write", "f  n"),
    59: ("execute", "p"),
    77: ("truncate", "fn"),
    82: ("rename", "pp"),
    85: ("open", "p"),
    86: ("link", "pp"),
    87: ("remove", "p"),
    257: ("open", "dpm"),
    263: ("remove", "dp"),
    264: ("rename", "dpdp"),
    265: ("link", "dpdp"),
    296: ("write", "f"),
    316: ("rename", "dpdp"),
    322: ("execute", "dp"),
    326: ("write", "  f n"),
    328: ("write", "f"),
    425: ("unseen", ""),  # io_uring: what it does is not seen by a tracer
    437: ("open", "dp"),
}

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Refused(Exception):
    """The kernel does not let this process trace."""


def ptrace(request: int, pid: int, address: int = 0, data: int = 0) -> int:
    result = int(libc.ptrace(request, pid, address or None, data or None))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def text_at(pid: int, address: int) -> str:
    """The text, ended by zero, that lies there in the process."""
    if address == 0:
        return ""
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        found = b""
        while b"\0" not in found and len(found) < MOST_PATH:
            memory.seek(address + len(found))
            piece = memory.read(4096 - (address + len(found)) % 4096)
            if not piece:
                break
            found += piece
    return os.fsdecode(found.split(b"\0")[0])


def link_of(pid: int, what: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/{what}")
    except OSError:
        return ""


class Tracer:
    def __init__(self) -> None:
        self.begun: Dict[int, Dict[str, Any]] = {}  # by thread: the call that it is in
        self.events: List[Dict[str, Any]] = []
        self.known: Set[int] = set()
        self.info = ctypes.create_string_buffer(88)

    def follow(self, argv: List[str]) -> int:
        """Run the command and all that comes of it; its exit status, or minus the number of a signal."""
        child = os.fork()
        if child == 0:
            become(argv)
        _, status = os.waitpid(child, 0)
        if not os.WIFSTOPPED(status):
            raise Refused("the kernel forbids ptrace")
        ptrace(SET_OPTIONS, child, 0, OPTIONS)
        self.known.add(child)
        self.go_on(child, 0)
        answer = 0
        while True:
            try:
                pid, status = os.waitpid(-1, ALL_CHILDREN)
            except ChildProcessError:
                return answer
            if os.WIFSTOPPED(status):
                self.stopped(pid, status)
            elif pid == child:
                answer = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)

    def stopped(self, pid: int, status: int) -> None:
        what, event = os.WSTOPSIG(status), status >> 16
        passed_on = 0
        if what == SYSCALL_STOP:
            self.at_call(pid)
        elif event == 0 and not (what == signal.SIGSTOP and pid not in self.known):  # a new process's first stop is the tracer's own
            passed_on = what
        self.known.add(pid)
        self.go_on(pid, passed_on)

    def go_on(self, pid: int, number: int) -> None:
        try:
            ptrace(SYSCALL, pid, 0, number)
        except ProcessLookupError:
            pass  # it has been killed; its end is told by wait

    def at_call(self, pid: int) -> None:
        try:
            ptrace(GET_SYSCALL_INFO, pid, len(self.info), ctypes.addressof(self.info))
        except ProcessLookupError:
            return
        stage, architecture = struct.unpack_from("<BxxxI", self.info.raw)
        if stage == ENTRY:
            if architecture != X86_64:
                raise Refused("a program of another architecture")
            number, *arguments = struct.unpack_from("<7Q", self.info.raw, 24)
            call = self.asked(pid, number, arguments)
            if call is not None:
                self.begun[pid] = call
        elif stage == EXIT and pid in self.begun:
            self.finished(pid, self.begun.pop(pid), struct.unpack_from("<q", self.info.raw, 24)[0])

    def asked(self, pid: int, number: int, arguments: List[int]) -> Optional[Dict[str, Any]]:
        if number not in CALLS:
            return None
        name, letters = CALLS[number]
        if name == "map" and signed(arguments[4]) < 0:
            return None
        call: Dict[str, Any] = {"call": name, "pid": pid, "paths": []}
        folder = AT_FDCWD
        for letter, value in zip(letters, arguments):
            if letter == "d":
                folder = struct.unpack("<i", struct.pack("<I", value & 0xFFFFFFFF))[0]
            elif letter == "p" and name != "map":
                call["paths"].append(self.path(pid, folder, value))
            elif letter == "f":
                call["paths"].append(link_of(pid, f"fd/{value & 0xFFFFFFFF}"))
            elif letter == "n":
                call["bytes"] = value
            elif letter == "m":
                call["flags"] = value
        if number == 85:
            call["flags"] = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
        if number == 437:
            call["flags"] = struct.unpack("<Q", self.memory(pid, arguments[2], 8))[0]
        return call

    def path(self, pid: int, folder: int, address: int) -> str:
        text = text_at(pid, address)
        base = link_of(pid, "cwd" if folder == AT_FDCWD else f"fd/{folder}")
        return os.path.normpath(os.path.join(base, text)) if text else base

    def memory(self, pid: int, address: int, size: int) -> bytes:
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            memory.seek(address)
            return memory.read(size)

    def finished(self, pid: int, call: Dict[str, Any], result: int) -> None:
        call["result"] = result
        if call["call"] == "open" and result >= 0:
            call["paths"] = [link_of(pid, f"fd/{result}")]
        if call["call"] == "execute" and result == 0:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                call["argv"] = [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]
            call["paths"] = [link_of(pid, "exe")]
        self.events.append(call)


def become(argv: List[str]) -> NoReturn:
    """In the new process: ask to be traced, stop so that the tracer can begin, become the command."""
    try:
        ptrace(TRACE_ME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execvp(argv[0], argv)
    finally:
        os._exit(127)


def main() -> int:
    if len(sys.argv) < 4 or sys.argv[2] != "--":
        print("tracer: usage: tracer.py ANSWER -- COMMAND...", file=sys.stderr)
        return 2
    tracer = Tracer()
    try:
        status = tracer.follow(sys.argv[3:])
    except (Refused, OSError) as error:
        print(f"tracer: {error}", file=sys.stderr)
        return REFUSED
    with open(sys.argv[1] + ".part", "w", encoding="utf-8", errors="surrogateescape") as file:
        for event in [*tracer.events, {"call": "end", "status": status}]:
            file.write(json.dumps(event) + "\n")
    os.replace(sys.argv[1] + ".part", sys.argv[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
