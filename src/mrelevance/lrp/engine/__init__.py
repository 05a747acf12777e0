"""The graph of a network, its operations as linear maps, and the two passes through them."""
