"""generate: programs of any size, the same for the same seed.

`python3 -m tests.generate SHAPE SIZE DIRECTORY` writes one, tests/compiler/test_scale.py compiles them. Every program states what it
exits with, computed here without the compiler.
"""
