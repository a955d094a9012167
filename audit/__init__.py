"""audit: what must be true of sources and products, judged without the compiler's and the seed's own code.

    claim      one sentence that must hold, and the function that judges it
    verdict    holds, broken, not measured, or not present
    finding    one place where a claim is broken
    subject    the tree that is judged: this one, or a mutant of it
    group      the claims that one command judges and one report tells
    evidence   report, figures and hashes on disk
"""
