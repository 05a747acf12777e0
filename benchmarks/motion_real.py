"""Compare registration tools on real images of the brain with known deformations.

    pip install -r benchmarks/requirements.txt
    python benchmarks/motion_real.py --data path/to/open-ms

The images of a patient, aligned as published, are brought to 2 mm. T1, T1 with contrast and T2 are
deformed by a random smooth field whose mean length in the brain is 2 to 6 mm, and registered to
FLAIR. If D is the deformation and T the transform found, the error at a point p of the brain is
|D(T(p)) - p|. The alignment of the published images limits the accuracy. Prints mean and 95th
percentile of the error, and CPU seconds per pair, for each tool and sequence.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
import yaml
from motion import compare, markdown
from motion_tools import Tool, available_tools
from tqdm import tqdm

from mrelevance.cohort.patient import PatientImages
from mrelevance.registration.body import body_mask
from mrelevance.registration.jacobian import folded_share
from mrelevance.registration.spline import displacement_field, mesh_size, spline_transform
from mrelevance.runtime.images import read_image, to_array

FIXED = "FLAIR"
SEQUENCES = ["T1", "T1KS", "T2"]
CONTROL_SPACING_MM = 60
MEAN_LENGTH_MM = (2, 6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="holds a folder per patient")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--config", type=Path, default=Path("config/config.yaml"))
    arguments = parser.parse_args()
    settings = yaml.safe_load(arguments.config.read_text())["motion"]
    folders = sorted(path.parent for path in arguments.data.glob(f"*/{FIXED}.nii.gz"))
    if not folders:
        parser.error(f"{arguments.data} holds no */{FIXED}.nii.gz; name the folder of open-ms")
    rng = np.random.default_rng(arguments.seed)
    cases = (read_deformed(folder, rng) for folder in tqdm(folders, unit="patient"))
    print(markdown(summarise(compare(available_tools(settings), measure, cases))))


def read_deformed(
    folder: Path, rng: np.random.Generator
) -> tuple[dict[str, sitk.Image], dict[str, sitk.Transform]]:
    """Read a patient at half the resolution and deform all but the fixed sequence.

    Returns the images, and the deformations of the moving sequences.
    """
    images = {
        name: sitk.BinShrink(
            read_image(folder / f"{name}.nii.gz", f"{folder.name}, {name}"), [2] * 3
        )
        for name in [FIXED, *SEQUENCES]
    }
    brain = body_mask(images[FIXED])
    deformations = {}
    for name in SEQUENCES:
        deformations[name] = draw_deformation(images[FIXED], brain, rng)
        images[name] = sitk.Resample(images[name], deformations[name], sitk.sitkBSpline)
    return images, deformations


def draw_deformation(
    image: sitk.Image, mask: np.ndarray, rng: np.random.Generator
) -> sitk.Transform:
    """Draw a smooth field without folds, whose mean length in the mask (D, H, W) is uniform."""
    shape = [n + 3 for n in mesh_size(image, CONTROL_SPACING_MM)[::-1]]
    length = rng.uniform(*MEAN_LENGTH_MM)
    while True:
        coefficients = rng.normal(size=(*shape, 3))
        coefficients *= length / lengths(spline_transform(coefficients, image), image, mask).mean()
        transform = spline_transform(coefficients, image)
        if folded_share(displacement_field(transform, image), mask) == 0:
            return transform


def lengths(transform: sitk.Transform, image: sitk.Image, mask: np.ndarray) -> np.ndarray:
    """Compute the length in mm of the displacement at the voxels of a mask, (N,)."""
    return np.linalg.norm(to_array(displacement_field(transform, image))[mask], axis=-1)


def measure(
    tool: Tool, images: dict[str, sitk.Image], deformations: dict[str, sitk.Transform]
) -> pd.DataFrame:
    """Recover the deformations of a patient with a tool; one row per moving sequence."""
    transforms, cost = tool(PatientImages("benchmark", images, FIXED))
    brain = body_mask(images[FIXED])
    rows = []
    for name, deformation in deformations.items():
        # SimpleITK applies the last transform first.
        there_and_back = sitk.CompositeTransform([deformation, transforms[name]])
        before = lengths(deformation, images[FIXED], brain)
        after = lengths(there_and_back, images[FIXED], brain)
        rows.append(
            {
                "sequence": name,
                "before_mm": before.mean(),
                "before_p95_mm": np.percentile(before, 95),
                "mean_mm": after.mean(),
                "p95_mm": np.percentile(after, 95),
                "cpu_s": cost.cpu_s / len(deformations),
            }
        )
    return pd.DataFrame(rows)


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Means over patients, per tool and sequence and over all sequences of a tool."""
    overall = table.assign(sequence="all")
    return pd.concat([table, overall]).groupby(["tool", "sequence"], sort=False).mean()


if __name__ == "__main__":
    main()
