"""A child takes a name that looks like the rest of a line of /proc/PID/stat, so that a careless reader takes it for someone else's."""

import ctypes
import os
import time

if os.fork() == 0:
    os.setsid()
    ctypes.CDLL(None).prctl(15, b") R 1 1 1 (x", 0, 0, 0)
    time.sleep(60)
time.sleep(0.2)
