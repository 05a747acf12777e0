"""Intervals and tests; knows nothing of MRI."""
