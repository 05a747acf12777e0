"""Scores of a segmentation: Dice, surface distance, detected lesions."""

import numpy as np
import pandas as pd
import torch
from monai.metrics import compute_average_surface_distance

from mrelevance.runtime.segmentation import IGNORED


def voxel_dice(segmentation: np.ndarray, tumour: np.ndarray) -> float:
    """Compute Dice = 2 |A and B| / (|A| + |B|) of two bool arrays; NaN without a labelled voxel.

    In a patient without tumour it would be 0 for a single wrong voxel as for thousands.
    """
    if not tumour.any():
        return float("nan")
    size = np.count_nonzero(segmentation) + np.count_nonzero(tumour)
    return 2 * np.count_nonzero(segmentation & tumour) / size


def mean_class_dice(segmentation: np.ndarray, classes: np.ndarray) -> float:
    """Compute the mean Dice of the classes that are drawn.

    Both arrays hold numbers of classes (D, H, W), 0 for the background; where `classes` is
    `IGNORED`, voxels do not count.
    """
    counted = classes != IGNORED
    drawn = np.unique(classes[counted & (classes > 0)])
    return float(
        np.mean([voxel_dice((segmentation == one) & counted, classes == one) for one in drawn])
    )


def surface_distance_mm(
    segmentation: np.ndarray, tumour: np.ndarray, spacing: tuple[float, float, float]
) -> float:
    """Compute the symmetric mean surface distance in mm of two bool arrays (D, H, W).

    The mean is over the surface voxels of both arrays; NaN if one is empty. `spacing` is (z, y, x)
    in mm.
    """
    if not (segmentation.any() and tumour.any()):
        return float("nan")
    prediction, truth = (torch.from_numpy(mask)[None, None] for mask in (segmentation, tumour))
    distance = compute_average_surface_distance(
        prediction, truth, include_background=True, symmetric=True, spacing=list(spacing)
    )
    return float(distance)


def score_patient(
    patient: str,
    segmentation: np.ndarray,
    label: np.ndarray,
    regions: pd.DataFrame,
    spacing: tuple[float, float, float],
) -> pd.DataFrame:
    """Score the segmentation of a patient.

    Returns one row `patient, dice, surface_distance_mm, lesions, detected, false_positives`.
    `segmentation` is bool, `label` numbers the lesions, both (D, H, W) with `spacing` (z, y, x)
    in mm; `regions` has a row with column region (TP, FN, FP) for each region. Dice is NaN if
    the label is empty, the surface distance also if the prediction is.
    """
    return pd.DataFrame(
        {
            "patient": [patient],
            "dice": [voxel_dice(segmentation, label > 0)],
            "surface_distance_mm": [surface_distance_mm(segmentation, label > 0, spacing)],
            **{name: [count] for name, count in count_lesions(regions).items()},
        }
    )


def count_lesions(regions: pd.DataFrame) -> dict[str, int]:
    """Count lesions, detected lesions and false positives in a table with column region."""
    count = regions["region"].value_counts()
    return {
        "lesions": int(count.get("TP", 0) + count.get("FN", 0)),
        "detected": int(count.get("TP", 0)),
        "false_positives": int(count.get("FP", 0)),
    }
