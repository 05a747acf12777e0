"""Which sequences can be left out."""
