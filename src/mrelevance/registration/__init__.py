"""Every sequence is brought into the anatomy of the reference sequence."""
