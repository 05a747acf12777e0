"""The segmentation network: building, training, loading, inference and scores."""
