"""The command: python3 bootstrap/seed [--lib DIR] [--allocator=NAME] [--max-heap=N] [--time] IN OUT"""

import sys

from zero_seed import main

sys.stderr.reconfigure(encoding='utf-8')
sys.exit(main(sys.argv[1:]))
