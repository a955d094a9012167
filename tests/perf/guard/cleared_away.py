"""A child of 150 MiB that nobody waits for: with SIGCHLD ignored the kernel clears it away, and its figures with it."""

import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
child = os.fork()
if child == 0:
    held = bytearray(b"x") * (150 << 20)
    time.sleep(2)
    os._exit(0)
while os.path.exists(f"/proc/{child}"):
    time.sleep(0.05)
