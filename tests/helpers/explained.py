"""Patients to be explained, from arrays alone."""

import numpy as np
import SimpleITK as sitk

from mrelevance.attribution.inputs import ExplainedPatient


def explained_patient(image, masks, name="P1", **given) -> ExplainedPatient:
    """A patient of an image (C, D, H, W) and masks by (region, lesion), on a grid of 1 mm.

    Sequences are `S0`, `S1`, ...; the baseline is zero, nothing is labelled, and all regions are
    tumour, unless `given`.
    """
    image = np.asarray(image)
    size = image.shape[1:]
    known = {
        "sequences": [f"S{k}" for k in range(len(image))],
        "baseline": np.zeros_like(image),
        "label": np.zeros(size, np.uint8),
        "lesions": np.any([np.zeros(size, bool), *masks.values()], axis=0),
        "covered": np.ones(size, bool),
        "masks": masks,
        "grid": sitk.GetImageFromArray(np.zeros(size, np.float32)),
    }
    return ExplainedPatient(name, image=image, **(known | given))
