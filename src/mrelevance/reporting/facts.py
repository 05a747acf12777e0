"""The facts that the generated texts state: one dictionary for all templates."""

import math

import pandas as pd

from mrelevance.attribution.ablation import ABLATIONS
from mrelevance.attribution.baselines import DILATION_VOXELS, RING_VOXELS
from mrelevance.attribution.gradients import GRADIENT_METHODS
from mrelevance.attribution.shapley import MOST_SEQUENCES
from mrelevance.attribution.shares import HALVES, MEASURED
from mrelevance.cohort.parts import EXCLUDED, INCOMPLETE, PARTS
from mrelevance.cohort.sheet import MASK
from mrelevance.evaluation.agreement import APPROXIMATES, FOLLOWS
from mrelevance.evaluation.baseline_contrast import LOWEST_CONTRAST
from mrelevance.evaluation.known_answer import MOST_FOR_DECOY
from mrelevance.registration.fixed_image import MARGIN_MM
from mrelevance.registration.measures import FLAGS
from mrelevance.runtime.columns import of_region
from mrelevance.runtime.method_names import identifier, label, method_of, sentence
from mrelevance.runtime.segmentation import read_segmentation
from mrelevance.statistics.bootstrap import FEWEST_PATIENTS
from mrelevance.statistics.clusters import HOMOGENEOUS_QUANTILE


def study_facts(
    record: dict,
    card: dict,
    parameters: int,
    tables: dict[str, pd.DataFrame],
) -> dict:
    """All names that a template may use.

    Parameters
    ----------
    record
        Content of `provenance.json`; each section of its configuration gets a name of its own.
    card
        Content of the model's `card.json`.
    parameters
        Number of the network's trainable parameters.
    tables
        The tables `split`, `motion`, `scores` and `agreement` (its summary) of the study; and
        `distance`, where fewer members of a network are explained than are deployed.
    """
    configuration = record["configuration"]
    sequences = configuration["sequences"]
    maps = configuration["evaluation"]["maps"]
    return configuration | {
        "record": record,
        "card": card,
        "parameters": parameters,
        "versions": record["versions"]["packages"] | {"python": record["versions"]["python"]},
        "patients": _patients(tables["split"]),
        "has_mask": _has_mask(record["inputs"]),
        "registrations": _registrations(tables["motion"]),
        "explained": _explained(configuration["segmentation"], tables),
        "distance": _distance(tables["distance"]) if "distance" in tables else None,
        "minutes": sum(rule["total_s"] for rule in record["rules"].values()) / 60,
        "peak_memory_gb": max(rule["peak_mb"] or 0 for rule in record["rules"].values()) / 1000,
        "composites": _described(configuration["relevance"]["composites"]),
        "compared": _described([*GRADIENT_METHODS, *ABLATIONS, HALVES]),
        "mapped": _described(maps["methods"]),
        "randomised": _described(maps["randomised_methods"]),
        "shown": _described([configuration["figures"]["composite"]])[0],
        "measured": _described([MEASURED])[0],
        "passes": 2 ** len(sequences) if len(sequences) <= MOST_SEQUENCES else None,
        "lowest_contrast": _known(tables["agreement"]["baseline_contrast"].min()),
        "constants": {
            "lowest_contrast": LOWEST_CONTRAST,
            "mask_margin_mm": MARGIN_MM,
            "dilation_voxels": DILATION_VOXELS,
            "ring_voxels": RING_VOXELS,
            "follows": FOLLOWS,
            "approximates": APPROXIMATES,
            "most_for_decoy": MOST_FOR_DECOY,
            "fewest_patients": FEWEST_PATIENTS,
            "homogeneous_quantile": HOMOGENEOUS_QUANTILE,
        },
    }


def _explained(section: dict, tables: dict[str, pd.DataFrame]) -> list[dict]:
    """Name, classes, scores and verdicts of every explained region."""
    segmentation = read_segmentation(section)
    return [
        {
            "name": region.name,
            "classes": [segmentation.outputs[number] for number in region.inside],
            "scores": _scores(of_region(tables["scores"], region.name)),
            "verdicts": list(
                of_region(tables["agreement"], region.name)[["method", "verdict"]].itertuples(
                    index=False, name=None
                )
            ),
        }
        for region in segmentation.explained_regions
    ]


def _described(entries: list[str | dict]) -> list[dict]:
    """Label, sentence and citations of configured methods."""
    return [
        {
            "label": label(identifier(entry)),
            "sentence": sentence(identifier(entry)),
            "citations": method_of(identifier(entry)).citations,
        }
        for entry in entries
    ]


def _patients(split: pd.DataFrame) -> dict[str, int | list[str]]:
    """Number of patients in each part and in all, and the names of those left out."""
    counts = split["split"].value_counts()
    parts = (*PARTS, EXCLUDED, INCOMPLETE)
    return {
        **{part: int(counts.get(part, 0)) for part in parts},
        "all": len(split),
        "incomplete_names": split.loc[split["split"] == INCOMPLETE, "patient"].tolist(),
    }


def _has_mask(inputs: dict) -> bool:
    images = inputs.get("images", {})
    return any(MASK in files for files in images.values())


def _registrations(motion: pd.DataFrame) -> dict:
    """Numbers of registrations by flag and by method; mean errors in mm if the truth is known."""
    known = motion["error_after_mm"].notna()
    return {
        "all": len(motion),
        **{flag: int((motion["flag"] == flag).sum()) for flag in FLAGS},
        "methods": motion["method"].value_counts().to_dict(),
        "error_before_mm": _known(motion.loc[known, "error_before_mm"].mean()),
        "error_after_mm": _known(motion.loc[known, "error_after_mm"].mean()),
    }


def _scores(scores: pd.DataFrame) -> dict:
    """Segmentation scores of the test patients; None where a score is undefined without tumour."""
    dice = scores["dice"].dropna()
    return {
        "patients": len(scores),
        "with_dice": len(dice),
        "dice_median": _known(dice.median()),
        "dice_lowest": _known(dice.min()),
        "dice_highest": _known(dice.max()),
        "surface_distance_mm": _known(scores["surface_distance_mm"].median()),
        **{key: int(scores[key].sum()) for key in ("lesions", "detected", "false_positives")},
    }


def _distance(distances: pd.DataFrame) -> dict:
    """How far the explained members are from all, over the test patients."""
    by_patient = distances.groupby("patient")["probability_difference"].first()
    by_output = distances.groupby("output", sort=False)["dice"]
    return {
        "patients": len(by_patient),
        "probability_median": float(by_patient.median()),
        "probability_largest": float(by_patient.max()),
        "dice": [
            {"output": output, "median": float(dice.median()), "lowest": float(dice.min())}
            for output, dice in by_output
        ],
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
