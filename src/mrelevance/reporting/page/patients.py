"""What the page shows of a patient: volumes for the viewer, and the values measured."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mrelevance.attribution.shares import MEASURED, TUMOUR
from mrelevance.reporting.page.volumes import (
    MARGIN_MM,
    affine_of_box,
    crop_box,
    encoded,
    encoded_image,
    encoded_relevance,
    place_of_mask,
    read_volume,
)
from mrelevance.runtime.files import read_table
from mrelevance.runtime.method_names import label

KINDS = {
    "TP": "lesion {lesion}, found",
    "FN": "lesion {lesion}, missed",
    "FP": "false alarm {region_id}",
}


@dataclass(frozen=True)
class PatientFiles:
    """Where the results of a patient lie: `results`, and what paths of each region have."""

    results: Path
    patient: str
    regions: dict[str, str]

    def of(self, stage: str, name: str, region: str = "") -> Path:
        """A file of the patient; `region` is what paths of the region have."""
        return self.results / f"{stage}/{self.patient}{region}/{name}"


def patient_volumes(files: PatientFiles, composites: list[str]) -> dict:
    """Everything that the viewer draws of a patient, for JSON.

    All volumes have one grid: that of the network, cropped to `MARGIN_MM` around what is labelled
    or predicted in any region. Relevance is given of the whole predicted tumour and of each lesion,
    under each composite, and as measured (Shapley values of the predicted and labelled voxels).
    """
    image, affine = read_volume(files.of("preprocessed", "image.nii"))
    image = image.reshape(*image.shape[:3], -1)
    masks = {
        region: {
            "label": read_volume(files.of("prediction", "label.nii.gz", region))[0] > 0,
            "prediction": read_volume(files.of("prediction", "segmentation.nii.gz", region))[0] > 0,
        }
        for region in files.regions
    }
    marked = np.any([mask for pair in masks.values() for mask in pair.values()], axis=0)
    spacing = tuple(np.linalg.norm(affine[:3, :3], axis=0))
    box = crop_box(marked, spacing, MARGIN_MM)
    cropped = affine_of_box(affine, box)
    data, windows = encoded_image(image[box], cropped)
    return {
        "image": data,
        "windows": windows,
        "regions": {
            name: {
                kind: encoded(mask[box].astype(np.uint8), cropped) for kind, mask in pair.items()
            }
            | {"overlays": _overlays(files, region, composites, pair, box, cropped)}
            for (region, name), pair in zip(files.regions.items(), masks.values(), strict=True)
        },
    }


def _overlays(files, region, composites, masks, box, affine) -> dict:
    """Overlay by method, then by what it explains: `tumour_0` or a lesion, as in file names."""
    overlays = {}
    for composite in composites:
        folder = files.of("relevance", f"volumes/{composite}", region)
        overlays[composite] = {
            path.name.removeprefix("map_").removesuffix(".nii.gz"): _relevance(path, box, affine)
            for path in sorted(folder.glob("map_*.nii.gz"))
        }
    measured, _ = read_volume(files.of("evaluation", "shapley.nii.gz", region))
    inside = (masks["label"] | masks["prediction"])[box]
    measured = np.where(inside[..., np.newaxis], measured.reshape(*measured.shape[:3], -1)[box], 0)
    overlays[MEASURED] = {f"{TUMOUR}_0": encoded_relevance(measured, affine)}
    return {method: of_method for method, of_method in overlays.items() if of_method}


def _relevance(path: Path, box, affine) -> dict:
    values, _ = read_volume(path)
    return encoded_relevance(values.reshape(*values.shape[:3], -1)[box], affine)


def patient_values(files: PatientFiles, region: str, sequences: list[str]) -> dict:
    """Values of a patient for one region: scores, and a row for the tumour and for each lesion.

    A row has a title, what is known of the lesion, the place to look at in mm, the measured pooled
    share of each sequence (NA where no voxel was left), and the key of its relevance map.
    """
    scores = read_table(files.of("prediction", "scores.tsv", region)).iloc[0].to_dict()
    lesions = read_table(files.of("prediction", "lesions.tsv", region))
    shapley = read_table(files.of("evaluation", "shapley.tsv", region))
    numbers, affine = read_volume(files.of("prediction", "regions.nii.gz", region))
    rows = []
    if (shapley["region"] == TUMOUR).any():
        rows.append(
            {
                "title": "whole prediction",
                "type": None,
                "volume_ml": None,
                "diameter_mm": None,
                "shares": _shares(shapley, TUMOUR, 0, sequences),
                "place": place_of_mask(numbers > 0, affine) if (numbers > 0).any() else None,
                "map": f"{TUMOUR}_0",
            }
        )
    for lesion in lesions.to_dict("records"):
        # Relevance tables number false alarms, which have no lesion, by their region.
        number = lesion["lesion"] or lesion["region_id"]
        mask = numbers == lesion["region_id"]
        rows.append(
            {
                "title": KINDS[lesion["region"]].format(**lesion),
                "type": lesion["type"],
                "volume_ml": lesion["volume_ml"],
                "diameter_mm": lesion["diameter_mm"],
                "shares": _shares(shapley, lesion["region"], number, sequences),
                "place": place_of_mask(mask, affine) if mask.any() else None,
                "map": f"{lesion['region']}_{number}",
            }
        )
    return {"scores": scores, "rows": rows}


def _shares(
    shapley: pd.DataFrame, region: str, lesion: int, sequences: list[str]
) -> list[float | None]:
    own = shapley[(shapley["region"] == region) & (shapley["lesion"] == lesion)]
    values = own.set_index("sequence")["relevance_pooled"].reindex(sequences)
    return [None if pd.isna(value) else float(value) for value in values]


def overlay_names(composites: list[str]) -> dict[str, str]:
    """Readable name of each overlay of the viewer."""
    return {name: label(name) for name in composites} | {
        MEASURED: "measured contribution (Shapley value)"
    }
