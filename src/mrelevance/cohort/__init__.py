"""Whose images are studied: the sample sheet, the import of a user's images, the split."""
