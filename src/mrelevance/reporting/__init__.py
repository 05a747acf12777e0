"""Texts about a study in words: its methods, ready for a paper, and a reporting checklist."""
