"""tests.bootstrap: the chain from the seed, chains of other compilers, and the witnesses."""
