"""Figures of the study, one module each."""
