"""Training, inference and lesion-wise scores of the network."""
