"""Every process forks, and so do the two that come of it, twelve times over: more than any guard lets be, less than a machine falls to."""

import contextlib
import os
import time

for _ in range(12):
    with contextlib.suppress(OSError):  # no more processes are to be had here
        os.fork()
    time.sleep(0.05)
time.sleep(60)
