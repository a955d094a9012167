"""One process makes children without end; each sleeps."""

import os
import time

while True:
    if os.fork() == 0:
        time.sleep(60)
