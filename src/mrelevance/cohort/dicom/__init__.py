"""DICOM: which series a folder holds, their volumes, and segmentations drawn on them."""
