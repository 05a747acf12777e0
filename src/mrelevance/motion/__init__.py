"""Motion correction of every sequence to the reference sequence."""
