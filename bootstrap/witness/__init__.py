"""witness: grow the compiler again by routes as different as can be had, and see whether the same bytes come out.

    witness   one route from the source to stage2, and what executes it
    ground    the chain grown anew from the seed under the running Python; no route uses the compiler that is judged
    verdict   agrees; differs, with the first difference; failed, with how it ended; or not present, with what to install
    share     what two routes both rest on; what all share no witness can see a fault of

Standard library alone, Python 3.8 or later. docs/trust.md says what the table proves and what it does not.
"""
