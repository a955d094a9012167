"""trojan: a compiler that betrays one program and hides in itself, for the tests of the witnesses alone.

    plant.0x0   what is put into the loader of the compiler: it alters two files as they are read
    login.0x0   the victim: opens to one word, and to another when a planted compiler has compiled it
    plant       makes a tree whose compiler carries the plant
"""
