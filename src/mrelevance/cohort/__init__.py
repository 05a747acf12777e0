"""Whose images are studied: sample sheet, import of a user's images, split of the cohort."""
