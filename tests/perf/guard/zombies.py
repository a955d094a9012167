"""Thirty children that nobody waits for."""

import os
import time

for _ in range(30):
    if os.fork() == 0:
        os._exit(0)
time.sleep(0.3)
