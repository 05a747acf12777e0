"""The relevance table: how much of each region's relevance stems from each sequence."""

import numpy as np
import pandas as pd

COLUMNS = [
    *["patient", "method", "target", "region", "lesion", "sequence", "relevance"],
    *["relevance_pooled", "voxels", "excluded_voxels", "conservation"],
]


def regions_of(regions: np.ndarray, lesions: pd.DataFrame) -> dict[tuple[str, int], np.ndarray]:
    """Masks (D, H, W) of the regions of a patient by (region, lesion).

    `regions` holds the region_id of each voxel, `lesions` is the patient's lesion table. First
    the whole predicted tumour, ("tumour", 0), if there is any; false positives are named by
    their region_id. Regions without voxels are left out. In a patient without labelled lesions
    there is no tumour: what is predicted is false.
    """
    masks = {}
    predicted = lesions.loc[lesions["region"] != "FN", "region_id"]
    tumour = np.isin(regions, predicted)
    if tumour.any() and (lesions["region"] != "FP").any():
        masks["tumour", 0] = tumour
    for row in lesions.itertuples():
        mask = regions == row.region_id
        if mask.any():
            number = row.region_id if row.region == "FP" else row.lesion
            masks[row.region, int(number)] = mask
    return masks


def relevance_table(
    parts: np.ndarray,
    change: np.ndarray,
    included: np.ndarray,
    masks: dict[tuple[str, int], np.ndarray],
    sequences: list[str],
    keys: dict[str, str],
) -> pd.DataFrame:
    """Rows of the relevance table of one patient and method.

    Parameters
    ----------
    parts
        Relevance of each output voxel that stems from each sequence, (C, D, H, W).
    change
        Sum that each voxel's relevance should have, (D, H, W).
    included
        Voxels whose normaliser is large enough to divide by, (D, H, W).
    masks
        Regions by (region, lesion).
    keys
        `patient`, `method` and `target` of all rows.

    Returns
    -------
    One row per region and sequence. `relevance` is the mean share over the included voxels (NA
    without any), `relevance_pooled` the quotient of sums over all voxels of the region,
    `conservation` the region's relevance over what it should be.
    """
    rows = []
    for (region, lesion), mask in masks.items():
        inside = parts[:, mask].astype(np.float64)  # (C, voxels)
        normalisers = inside.sum(axis=0)
        kept = included[mask]
        count = int(kept.sum())
        mean = (
            (inside[:, kept] / normalisers[kept]).mean(axis=1) if count else [np.nan] * len(inside)
        )
        pooled = inside.sum(axis=1) / normalisers.sum()
        conservation = normalisers.sum() / change[mask].sum(dtype=np.float64)
        for sequence, of_mean, of_pooled in zip(sequences, mean, pooled, strict=True):
            rows.append(
                {
                    **keys,
                    "region": region,
                    "lesion": lesion,
                    "sequence": sequence,
                    "relevance": of_mean,
                    "relevance_pooled": of_pooled,
                    "voxels": int(mask.sum()),
                    "excluded_voxels": int(mask.sum()) - count,
                    "conservation": conservation,
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def pooled_table(
    relevance: dict[tuple[str, int], dict[str, np.ndarray]],
    masks: dict[tuple[str, int], np.ndarray],
    sequences: list[str],
    patient: str,
    target: str,
) -> pd.DataFrame:
    """Rows of the relevance table for methods that give one number per region and sequence.

    `relevance` has for every region the sequences' relevance (C,) by method. The mean of shares
    and the conservation are NA.
    """
    rows = [
        [patient, method, target, *key, sequence, np.nan, share, int(masks[key].sum()), 0, np.nan]
        for key, methods in relevance.items()
        for method, values in methods.items()
        for sequence, share in zip(sequences, values / values.sum(), strict=True)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
