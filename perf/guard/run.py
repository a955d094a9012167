"""run: the caller's side of a guarded run: start a supervisor, hand it the order, read what it answers.

The caller is not altered and may have threads. It holds one end of a pipe; when that end closes, whatever the reason (the run is
over, an exception, SIGKILL), the supervisor ends the tree.
"""

from __future__ import annotations

import ast
import contextlib
import marshal
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import threading
from io import FileIO
from pathlib import Path
from typing import IO, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .model import CAPTURE_BYTES, Containment, GuardError, Interrupted, Kill, Limits, Method, Outcome, Scope

Path_ = Union[str, "os.PathLike[str]"]
Stream = Union[int, IO[Any], None]
Watch = Callable[[float, int], None]

START = "import sys; sys.path.insert(0, sys.argv[3]); from supervisor.main import main; main(int(sys.argv[1]), int(sys.argv[2]))"
TRIAL_SECONDS = 120  # for a command that does nothing: a machine that stands still refuses nothing
PIPE_TAIL_SECONDS = 0.2  # for the last of captured output, where a member that escaped holds the pipe open

# Linux counts a process's pages in batches for each processor that it runs on. What it tells on waiting is the count without the open
# batches; a sample adds them up. Only what exceeds that shows that a member was never waited for.
COUNTING_KIB = 1024

BROUGHT_IN_BYTES = 64 << 20  # at most, of the file of a program whose figure is to be the same in each run

refused_here: Dict[Containment, str] = {}  # what this machine was found to refuse, for the life of this process


class RefusedError(Exception):
    """This machine refuses the containment that was asked for."""


def run(
    argv: Sequence[str],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    *,
    cwd: Optional[Path_] = None,
    environment: Optional[Mapping[str, str]] = None,
    capture: bool = False,
    stdin: Union[Stream, bytes] = None,
    watch: Optional[Watch] = None,
    output: Optional[Tuple[Stream, Stream]] = None,
    containment: Optional[Containment] = None,
    one_processor: bool = False,
) -> Outcome:
    """Run argv and all that it starts to the end, under limits.

    `environment` None is the caller's own. `stdin` None is empty; bytes are given as they are. `output` are the two streams to
    write to, None each for the caller's own. `watch` is called a few times a second with the seconds and the resident KiB so far.
    `containment` None is the strongest that works here. `one_processor` keeps the tree on one, so that peaks compare to the KiB also
    on a machine that has other work (see COUNTING_KIB); what would use several takes longer.

    Raises GuardError when the guard itself fails, Interrupted on Ctrl-C.
    """
    check(argv, limits, environment)
    if one_processor:
        bring_in(argv[0], cwd, os.environ if environment is None else environment)
    if containment is not None:
        choices = [containment]
    else:
        choices = [choice for choice in Containment if choice not in refused_here]
    for choice in choices:
        session = Session(tuple(argv), limits, choice, watch)
        session.pinned = environment is not None
        session.one_processor = one_processor
        session.stronger = tuple(f"{name.value}: {why}" for name, why in refused_here.items()) if containment is None else ()
        try:
            return session.run(cwd, os.environ if environment is None else environment, capture, stdin, output or (None, None))
        except RefusedError as refusal:
            if containment is not None:
                raise GuardError(f"containment {choice.value} does not work here: {refusal}") from None
            refused_here[choice] = str(refusal)
    raise GuardError("no containment works here")


def bring_in(program: str, cwd: Optional[Path_], environment: Mapping[str, str]) -> None:
    """Read the program's file: around a page that is touched the kernel maps those that it has in memory, and may drop them at any time."""
    path = program if os.sep in program else shutil.which(program, path=environment.get("PATH"))
    with contextlib.suppress(OSError):
        path = os.path.join(cwd or ".", path or program)
        if os.path.isfile(path):
            with open(path, "rb", buffering=0) as file:
                left = BROUGHT_IN_BYTES
                while left > 0 and (piece := file.read(1 << 20)):
                    left -= len(piece)


def available() -> Tuple[Containment, ...]:
    """The containments that work on this machine, strongest first, found by trying each."""
    return tuple(choice for choice in Containment if works(choice))


def works(containment: Containment) -> bool:
    with contextlib.suppress(GuardError):
        return run(["/bin/sh", "-c", ":"], Limits(timeout_seconds=TRIAL_SECONDS), containment=containment).ok
    return False


def check(argv: Sequence[str], limits: Limits, environment: Optional[Mapping[str, str]]) -> None:
    if not argv or not argv[0]:
        raise GuardError("no command was given")
    if argv[0].startswith("-"):
        raise GuardError(f"{argv[0]}: a command's name does not begin with '-'; give its path")
    if any("\0" in word for word in argv) or any("\0" in name + value for name, value in (environment or {}).items()):
        raise GuardError("a zero byte can stand neither in an argument nor in the environment")
    for name, value in (("memory", limits.max_rss_kib), ("time", limits.timeout_seconds), ("members", limits.max_members)):
        if value is not None and value <= 0:
            raise GuardError(f"the limit of {name} is {value}; it has to be above zero")


class Session:
    """One run from the order to the outcome."""

    def __init__(self, argv: Tuple[str, ...], limits: Limits, containment: Containment, watch: Optional[Watch]) -> None:
        self.argv = argv
        self.limits = limits
        self.containment = containment
        self.watch = watch
        self.pinned = False
        self.one_processor = False
        self.stronger: Tuple[str, ...] = ()
        self.captured: List[bytearray] = [bytearray(), bytearray()]
        self.dropped = 0
        self.unread = b""
        self.result: Optional[Dict[str, Any]] = None
        self.refusal: Optional[str] = None
        self.trouble: Optional[str] = None

    def run(
        self, cwd: Optional[Path_], environment: Mapping[str, str], capture: bool, stdin: Union[Stream, bytes], output: Tuple[Stream, Stream]
    ) -> Outcome:
        with contextlib.ExitStack() as stack:
            control_read, control = pipe_of(stack)
            answer, answer_write = pipe_of(stack)
            ends = [pipe_of(stack), pipe_of(stack)] if capture else []
            streams = tuple(write for _, write in ends) or output
            command = supervisor_command(control_read.fileno(), answer_write.fileno())
            process = subprocess.Popen(
                command,
                stdin=stack.enter_context(given_stdin(stdin)),
                stdout=streams[0],
                stderr=streams[1],
                pass_fds=(control_read.fileno(), answer_write.fileno()),
                start_new_session=True,
            )
            stack.callback(process.wait)
            stack.callback(control.close)  # before the wait, so that there is an end to wait for
            for file in (control_read, answer_write, *(write for _, write in ends)):
                file.close()
            sender = threading.Thread(target=send, args=(control, self.order(cwd, environment)), daemon=True)
            sender.start()
            stack.callback(sender.join)
            self.listen(control, answer.fileno(), [read.fileno() for read, _ in ends])
        return self.outcome()

    def order(self, cwd: Optional[Path_], environment: Mapping[str, str]) -> bytes:
        text = marshal.dumps(
            {
                "argv": [bytes_text(word) for word in self.argv],
                "environment": [[bytes_text(name), bytes_text(value)] for name, value in environment.items()],
                "cwd": bytes_text(os.fspath(cwd)) if cwd is not None else ".",
                "containment": self.containment.value,
                "max_rss_kib": self.limits.max_rss_kib,
                "timeout_seconds": self.limits.timeout_seconds,
                "max_members": self.limits.max_members,
                "progress": self.watch is not None,
                "one_processor": self.one_processor,
            }
        )
        return b"%16d" % len(text) + text

    def listen(self, control: FileIO, answer: int, streams: List[int]) -> None:
        """Read until the supervisor is done. An interrupt ends the tree and is passed on with the outcome."""
        try:
            self.read_all(answer, streams)
        except KeyboardInterrupt:
            with contextlib.suppress(OSError):
                control.write(b"stop")
            self.watch = None
            self.read_all(answer, streams)
            raise Interrupted(self.outcome()) from None

    def read_all(self, answer: int, streams: List[int]) -> None:
        with selectors.DefaultSelector() as selector:
            for file in (answer, *streams):
                os.set_blocking(file, False)
                selector.register(file, selectors.EVENT_READ)
            answering = True
            while selector.get_map():
                ready = selector.select(None if answering else PIPE_TAIL_SECONDS)
                if not ready:
                    break
                for key, _ in ready:
                    if not self.read_some(key.fd, answer, streams):
                        selector.unregister(key.fd)
                        answering = answering and key.fd != answer

    def read_some(self, file: int, answer: int, streams: List[int]) -> bool:
        """Whether there may be more."""
        try:
            part = os.read(file, 65536)
        except BlockingIOError:
            return True
        if file == answer:
            self.take(part)
        else:
            kept = self.captured[streams.index(file)]
            fits = part[: CAPTURE_BYTES - len(kept)]
            kept += fits
            self.dropped += len(part) - len(fits)
        return bool(part)

    def take(self, part: bytes) -> None:
        *lines, self.unread = (self.unread + part).split(b"\n")
        for line in lines:
            message = ast.literal_eval(line.decode())
            if "kib" in message:
                if self.watch is not None:
                    self.watch(message["seconds_us"] / 1_000_000, message["kib"])
            elif "refused" in message:
                self.refusal = message["refused"]
            elif "trouble" in message:
                self.trouble = message["trouble"]
            else:
                self.result = message

    def outcome(self) -> Outcome:
        if self.refusal is not None:
            raise RefusedError(self.refusal)
        if self.trouble is not None:
            raise GuardError(self.trouble)
        result = self.result
        if result is None:
            raise GuardError("the supervisor was ended by another process before it could answer")
        if result["left"]:
            raise GuardError(f"members could not be ended: {' '.join(str(pid) for pid in result['left'])}")
        peak_kib, peak_method = self.peak(result)
        alone = result["members"] == 1
        return Outcome(
            argv=self.argv,
            status=result["status"],
            kill=Kill(result["kill"]),
            peak_kib=peak_kib,
            sum_kib=None if alone else result["sum_kib"],
            budget_kib=self.limits.max_rss_kib,
            members=result["members"],
            survivors=result["survivors"],
            wall_seconds=result["wall_us"] / 1_000_000,
            cpu_seconds=result["cpu_us"] / 1_000_000,
            scope=Scope.PROCESS if alone else Scope.TREE,
            method=Method(
                peak=peak_method,
                sum="none" if alone else "pss" if result["sum_is_proportional"] else "rss",
                interval_ms=max(1, round(result["interval_us"] / 1000)),
                fixed_addresses=result["fixed_addresses"],
                pinned_environment=self.pinned,
                launcher=result["launcher"],
                one_processor=self.one_processor,
            ),
            containment=self.containment,
            stdout=bytes(self.captured[0]),
            stderr=bytes(self.captured[1]),
            dropped_bytes=self.dropped,
            refused=self.stronger,
            tasks=result["tasks"],
            cgroup_peak_kib=result["cgroup_peak_kib"],
            guard_cpu_seconds=result["guard_cpu_us"] / 1_000_000,
        )

    def peak(self, result: Dict[str, Any]) -> Tuple[int, str]:
        """The kernel's figure where every member was waited for from a small launcher, else the most that the samples saw."""
        waited, sampled = result["waited_peak_kib"], result["sampled_peak_kib"]
        if not result["launcher"]:
            return sampled, "sampled-vmhwm"
        return (sampled, "sampled-vmhwm") if sampled > waited + COUNTING_KIB + waited // 16 else (waited, "wait4")


def supervisor_command(control: int, answer: int) -> List[str]:
    """A Python as bare as it starts; its compiled modules lie where the caller's do, if anywhere."""
    compiled = ["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else ["-B"] if sys.dont_write_bytecode else []
    return [sys.executable, "-I", "-S", *compiled, "-c", START, str(control), str(answer), str(Path(__file__).resolve().parent)]


def pipe_of(stack: contextlib.ExitStack) -> Tuple[FileIO, FileIO]:
    """The two ends of a pipe, closed with the stack if not before."""
    read, write = os.pipe()
    return stack.enter_context(FileIO(read, "r")), stack.enter_context(FileIO(write, "w"))


@contextlib.contextmanager
def given_stdin(stdin: Union[Stream, bytes]) -> Any:
    if stdin is None:
        yield subprocess.DEVNULL
    elif isinstance(stdin, bytes):
        with tempfile.TemporaryFile() as file:
            file.write(stdin)
            file.seek(0)
            yield file
    else:
        yield stdin


def send(control: FileIO, order: bytes) -> None:
    """Write the order; in a thread, for it may be larger than what a pipe holds. An interrupt may close it meanwhile."""
    with contextlib.suppress(OSError, ValueError):
        while order:
            order = order[control.write(order) or 0 :]


def bytes_text(text: str) -> str:
    """A name as the kernel knows it, one character a byte."""
    return os.fsencode(text).decode("latin-1")
