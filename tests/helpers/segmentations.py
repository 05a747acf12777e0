"""Declarations of what the values of labels mean."""

from mrelevance.runtime.segmentation import read_segmentation

UNDECLARED = {"classes": None, "regions": None, "explained": None, "lesions": None, "ignore": []}
BINARY = read_segmentation(UNDECLARED)
NUMBERED = read_segmentation(UNDECLARED | {"lesions": "values"})
TUMOUR = BINARY.region("tumour")

SECTION = {
    "classes": {"necrosis": 1, "oedema": 2, "enhancing": 4},
    "regions": {"whole tumour": ["necrosis", "oedema", "enhancing"], "enhancing": ["enhancing"]},
    "explained": ["whole tumour", "enhancing"],
    "lesions": "components",
    "ignore": [255],
}
"""As in the BraTS challenges, with ignored voxels."""
TISSUES = read_segmentation(SECTION)
