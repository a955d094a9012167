"""A chain by vfork: each link is spawned (posix_spawn shares the parent's memory until it becomes another program)."""

import os
import sys
import time

left = int(sys.argv[1]) if len(sys.argv) > 1 else 4
if left:
    os.posix_spawn(sys.executable, [sys.executable, "-S", __file__, str(left - 1)], os.environ)
    os._exit(0)
time.sleep(60)
