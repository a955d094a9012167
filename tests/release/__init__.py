"""tests.release: releases, and the verifier that stands alone."""
