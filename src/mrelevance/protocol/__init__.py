"""Which sequences can be left out of the protocol."""
