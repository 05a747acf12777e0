"""Layouts in which images come: one module each, which finds patients, sequences and labels.

Every module has `NAME`, `recognises(folder)` and `read(folder, hints)`. `mrelevance.cohort.layouts.
table` lists them.
"""
