"""Layer-wise relevance propagation on the graph of a 3D network; depends on torch alone."""
