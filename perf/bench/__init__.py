"""bench: how fast compiled code is, and how fast it is compiled, beside other compilers on the same machine in the same run.

    program    one of programs/: the same work in 0x0 and in C; prints a checksum, takes its size as an argument
    compiler   a way to make a program: a tool with its options
    round      every program by every compiler once, in turn
    ratio      of a program in a round: a compiler's time over that of gcc -O2; of several rounds the median
"""
