"""Preprocessing: one grid and comparable intensities, as the channels of one image."""
