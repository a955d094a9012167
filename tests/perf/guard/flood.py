"""40 MiB to each of the two streams."""

import os
import threading


def flood(file: int) -> None:
    for _ in range(640):
        rest = b"x" * 65536
        while rest:
            rest = rest[os.write(file, rest) :]


other = threading.Thread(target=flood, args=(2,))
other.start()
flood(1)
other.join()
