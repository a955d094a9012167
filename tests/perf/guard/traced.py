"""A child that is traced by its parent and stopped under it."""

import ctypes
import os
import signal
import time

if os.fork() == 0:
    ctypes.CDLL(None).ptrace(0, 0, 0, 0)  # PTRACE_TRACEME
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(60)
time.sleep(0.2)
