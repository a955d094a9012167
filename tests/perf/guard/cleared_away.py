"""A child of 150 MiB that nobody waits for: with SIGCHLD ignored the kernel clears it away, and its figures with it."""

import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    held = bytearray(b"x") * (150 << 20)
    time.sleep(0.5)
    os._exit(0)
time.sleep(1.0)
