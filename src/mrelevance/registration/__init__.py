"""Motion correction: registration of every sequence to the fixed one, and its quality."""
