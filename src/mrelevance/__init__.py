"""MRelevance: which MRI sequences a segmentation network really uses."""

__version__ = "0.1.0"
