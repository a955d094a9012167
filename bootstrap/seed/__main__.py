"""The command: python3 bootstrap/seed [--lib DIR] [--allocator=NAME] [--max-heap=N] [--time] IN OUT"""

import signal
import sys

from zero_seed import main

signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.stderr.reconfigure(encoding='utf-8')
sys.exit(main(sys.argv[1:]))
