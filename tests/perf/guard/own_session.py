"""A child in a session of its own outlives the command."""

import os
import time

if os.fork() == 0:
    os.setsid()
    time.sleep(60)
time.sleep(0.2)
