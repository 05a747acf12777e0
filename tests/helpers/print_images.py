"""Images of one patient for the figures of a small study, see `helpers.print_study`."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mrelevance.runtime.images import image_like, write_image

SHAPE, SPACING = (4, 30, 36), (4.0, 4.0, 4.0)
# Number of the region and the places (z, y, x) of its voxels.
PLACES = {
    1: np.s_[1:3, 8:16, 10:20],
    2: np.s_[2:4, 20:23, 6:9],
    3: np.s_[0:2, 22:24, 20:22],
    4: np.s_[1:2, 4:6, 28:30],
}
MAPS = {"TP_1": 1, "TP_2": 2, "FN_3": 3, "FP_4": 4}


def write_images(
    folder: Path, sequences: int, patient: str, composite: str, methods: list[str]
) -> dict[str, Path]:
    """Write what figures read of a patient; each path by what the catalogue calls it."""
    grid = sitk.Image(*SHAPE[::-1], sitk.sitkUInt8)
    grid.SetSpacing(SPACING[::-1])
    random = np.random.default_rng(0)
    image = random.normal(100, 20, (sequences, *SHAPE)).astype(np.float32)
    regions = np.zeros(SHAPE, np.uint8)
    for number, place in PLACES.items():
        regions[place] = number
    labelled = np.isin(regions, (1, 2, 3)).astype(np.uint8)
    found = np.isin(regions, (1, 2, 4)).astype(np.uint8)
    shares = random.dirichlet(np.ones(sequences), SHAPE).transpose(3, 0, 1, 2).astype(np.float32)
    written = {
        f"preprocessed/{patient}/image.nii": image,
        f"preprocessed/{patient}/label.nii.gz": labelled,
        f"prediction/{patient}/label.nii.gz": labelled,
        f"prediction/{patient}/regions.nii.gz": regions,
        f"prediction/{patient}/segmentation.nii.gz": found,
        f"relevance/{patient}/volumes/{composite}/shares.nii.gz": shares,
        f"relevance/{patient}/volumes/{composite}/normaliser.nii.gz": np.ones(SHAPE, np.float32),
        "evaluation/maps/gallery/image.nii.gz": image,
        "evaluation/maps/gallery/lesion.nii.gz": (regions == 1).astype(np.uint8),
    }
    for name, number in MAPS.items():
        place = f"relevance/{patient}/volumes/{composite}/map_{name}.nii.gz"
        written[place] = image * (regions == number)
    for method in methods:
        written[f"evaluation/maps/gallery/{method}.nii.gz"] = image - 100
    for path, voxels in written.items():
        write_image(image_like(voxels, grid), folder / path)
    called = {
        path.replace(
            f"/{patient}/", "/{patient}{region}/" if "prediction" in path else "/{patient}/"
        )
        for path in written
    }
    files = {path: folder / path.replace("{patient}{region}", patient) for path in called}
    files = {path: Path(str(file).replace("{patient}", patient)) for path, file in files.items()}
    files |= {path.replace("{patient}", "{first_patient}"): file for path, file in files.items()}
    files["relevance/{patient}{region}/volumes"] = folder / f"relevance/{patient}/volumes"
    files["evaluation/maps{region}/gallery"] = folder / "evaluation/maps/gallery"
    return files
