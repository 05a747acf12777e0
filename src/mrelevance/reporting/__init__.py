"""Descriptions of a study: record, provenance, methods text, checklist, costs, verification."""
