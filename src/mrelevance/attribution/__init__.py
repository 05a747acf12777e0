"""Relevance of regions and sequences for one patient, as maps and tables."""
