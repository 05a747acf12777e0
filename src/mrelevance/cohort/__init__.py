"""The sample sheet, the import of a user's images, and the split."""
