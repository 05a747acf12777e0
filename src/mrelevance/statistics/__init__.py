"""Intervals, tests and clusters of plain arrays; nothing here knows images or sequences."""
