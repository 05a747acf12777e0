"""Common grid, comparable intensities, channels in order: what the network reads."""
