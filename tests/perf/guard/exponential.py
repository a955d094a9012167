"""Every process forks, and so do the two that come of it, without end."""

import os
import time

while True:
    os.fork()
    time.sleep(0.05)
