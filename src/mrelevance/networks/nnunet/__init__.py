"""Networks that nnU-Net v2 trained, read from its results folders (Isensee et al. 2021)."""
