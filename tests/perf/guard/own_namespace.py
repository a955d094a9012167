"""A child makes a PID namespace of its own and stays in it."""

import ctypes
import os
import time

if os.fork() == 0:
    os.setsid()
    ctypes.CDLL(None).unshare(0x20000000)
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
    time.sleep(60)
time.sleep(0.2)
