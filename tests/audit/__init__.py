"""tests.audit: the gates: each holds for this tree, and each claim is seen red."""
