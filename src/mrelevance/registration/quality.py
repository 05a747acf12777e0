"""Quality of motion correction, with errors where the true motion is known."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk

from mrelevance.cohort.patient import PatientImages
from mrelevance.registration.correction import Correction
from mrelevance.registration.spline import displacement_field
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import check_same_geometry, read_image, to_array


@dataclass(frozen=True)
class Truth:
    """The true motion of a phantom patient.

    Attributes
    ----------
    displacements
        Sequence name to vector image in mm (LPS) on the grid of the fixed sequence: its point p
        lies at p + u(p) in the sequence.
    liver
        Mask on the grid of the fixed sequence.
    landmarks
        Table `patient, sequence, landmark, x_mm, y_mm, z_mm` of all sequences.
    """

    displacements: dict[str, sitk.Image]
    liver: sitk.Image
    landmarks: pd.DataFrame


def read_truth(folder: str | Path, sequences: list[str]) -> Truth:
    """Read the folder `truth` of a phantom patient for these sequences."""
    folder = Path(folder)
    return Truth(
        displacements={
            name: read_image(folder / f"displacement_{name}.nii.gz", f"truth, sequence {name}")
            for name in sequences
        },
        liver=read_image(folder / "liver.nii.gz", "truth, liver"),
        landmarks=read_table(folder / "landmarks.tsv"),
    )


def quality_table(
    patient: PatientImages, corrections: dict[str, Correction], truth: Truth | None
) -> pd.DataFrame:
    """Tabulate the result of `correct_patient`, one row per moving sequence.

    Returns
    -------
    Table `patient, sequence, method`, the fields of `Measures`, `flag, reason` and, NA without a
    truth: `error_before_mm, error_after_mm`, the mean distance in the liver between the true
    position and the uncorrected (before) or the estimated one (after), and
    `landmark_error_before_mm, landmark_error_after_mm`, the same at the landmarks.

    Raises
    ------
    InputError
        The truth does not lie on the grid of the fixed sequence.
    """
    fixed_sequence = patient.fixed_sequence
    grid = corrections[fixed_sequence].image
    rows = [
        {
            "patient": patient.name,
            "sequence": sequence,
            "method": correction.method,
            **asdict(correction.measures),
            "flag": correction.flag,
            "reason": correction.reason,
            **_liver_errors(correction, sequence, grid, truth, f"patient {patient.name}"),
            **_landmark_errors(correction, sequence, fixed_sequence, truth),
        }
        for sequence, correction in corrections.items()
        if sequence != fixed_sequence
    ]
    return pd.DataFrame(rows)


def _liver_errors(
    correction: Correction, sequence: str, grid: sitk.Image, truth: Truth | None, what: str
) -> dict[str, float]:
    if truth is None:
        return {"error_before_mm": np.nan, "error_after_mm": np.nan}
    known = truth.displacements[sequence]
    check_same_geometry(truth.liver, grid, f"{what}, liver of the truth")
    check_same_geometry(known, grid, f"{what}, displacement of {sequence} of the truth")
    liver = to_array(truth.liver) > 0
    true = to_array(known)[liver]
    estimated = to_array(displacement_field(correction.transform, grid))[liver]
    return {
        "error_before_mm": float(np.linalg.norm(true, axis=-1).mean()),
        "error_after_mm": float(np.linalg.norm(estimated - true, axis=-1).mean()),
    }


def _landmark_errors(
    correction: Correction, sequence: str, fixed_sequence: str, truth: Truth | None
) -> dict[str, float]:
    if truth is None:
        return {"landmark_error_before_mm": np.nan, "landmark_error_after_mm": np.nan}
    places = truth.landmarks.set_index(["sequence", "landmark"])[["x_mm", "y_mm", "z_mm"]]
    pairs = places.loc[fixed_sequence].join(places.loc[sequence], rsuffix="_moved").to_numpy()
    start, moved = pairs[:, :3], pairs[:, 3:]
    estimated = [correction.transform.TransformPoint(point) for point in start.tolist()]
    return {
        "landmark_error_before_mm": float(np.linalg.norm(start - moved, axis=-1).mean()),
        "landmark_error_after_mm": float(np.linalg.norm(estimated - moved, axis=-1).mean()),
    }
