"""All three streams are closed at once; the command goes on, with a child."""

import os
import time

os.closerange(0, 64)
if os.fork() == 0:
    time.sleep(0.1)
    os._exit(0)
os.wait()
os._exit(5)
