"""Eight threads take 20 MiB each."""

from __future__ import annotations

import threading
import time

held: list[bytearray] = []
for _ in range(8):
    threading.Thread(target=lambda: held.append(bytearray(b"x") * (20 << 20))).start()
time.sleep(60)
