"""Plumbing: configuration, files, logs, locks, the container; no science."""
