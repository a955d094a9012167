"""One process makes four thousand children; each sleeps."""

import contextlib
import os
import time

for _ in range(4000):
    with contextlib.suppress(OSError):  # no more processes are to be had here
        if os.fork() == 0:
            break
time.sleep(60)
