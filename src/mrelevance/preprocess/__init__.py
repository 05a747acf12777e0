"""Common grid, intensity normalisation, channels in order."""
