"""Cohort tables and statistics."""
