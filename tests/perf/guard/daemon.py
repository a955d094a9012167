"""Double fork, a session of its own, everything closed, an empty environment: a daemon by the book. Its starter ends when it is ready."""

import os

ready, daemon = os.pipe()
if os.fork():
    os.close(daemon)
    os.read(ready, 1)  # ends when nobody has the other side open
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.closerange(0, 64)
os.umask(0)
os.execve("/bin/sleep", ["sleep", "60"], {})
