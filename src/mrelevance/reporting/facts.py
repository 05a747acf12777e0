"""What the texts about a study say, as data: one dictionary for all templates."""

import math

import pandas as pd

from mrelevance.analysis.strategies import HOMOGENEOUS_QUANTILE
from mrelevance.attribution.baselines import DILATION_VOXELS, RING_VOXELS
from mrelevance.attribution.gradients import PATH_POINTS
from mrelevance.attribution.shapley import MOST_SEQUENCES
from mrelevance.cohort.sheet import MASK
from mrelevance.cohort.split import EXCLUDED
from mrelevance.evaluation.agreement import APPROXIMATES, FOLLOWS
from mrelevance.evaluation.known_answer import MOST_FOR_DECOY
from mrelevance.registration.correction import MARGIN_MM
from mrelevance.registration.measures import FLAGS
from mrelevance.statistics.bootstrap import FEWEST_PATIENTS


def study_facts(
    record: dict,
    card: dict,
    parameters: int,
    tables: dict[str, pd.DataFrame],
) -> dict:
    """Everything that a template may name.

    Parameters
    ----------
    record
        Content of `provenance.json`; the sections of its configuration get names of their own.
    card
        Content of the model's `card.json`.
    parameters
        Number of the network's trainable parameters.
    tables
        The tables `split`, `motion`, `scores` and `agreement` (its summary) of the study.
    """
    sequences = record["configuration"]["sequences"]
    return record["configuration"] | {
        "record": record,
        "card": card,
        "parameters": parameters,
        "versions": record["versions"]["packages"] | {"python": record["versions"]["python"]},
        "patients": _patients(tables["split"]),
        "has_mask": _has_mask(record["inputs"]),
        "registrations": _registrations(tables["motion"]),
        "scores": _scores(tables["scores"]),
        "verdicts": list(
            tables["agreement"][["method", "verdict"]].itertuples(index=False, name=None)
        ),
        "minutes": sum(rule["total_s"] for rule in record["rules"].values()) / 60,
        "peak_memory_gb": max(rule["peak_mb"] or 0 for rule in record["rules"].values()) / 1000,
        "passes": 2 ** len(sequences) if len(sequences) <= MOST_SEQUENCES else None,
        "constants": {
            "mask_margin_mm": MARGIN_MM,
            "dilation_voxels": DILATION_VOXELS,
            "ring_voxels": RING_VOXELS,
            "follows": FOLLOWS,
            "approximates": APPROXIMATES,
            "most_for_decoy": MOST_FOR_DECOY,
            "fewest_patients": FEWEST_PATIENTS,
            "path_points": PATH_POINTS,
            "homogeneous_quantile": HOMOGENEOUS_QUANTILE,
        },
    }


def _patients(split: pd.DataFrame) -> dict[str, int]:
    counts = split["split"].value_counts()
    parts = ("train", "validation", "test", EXCLUDED)
    return {part: int(counts.get(part, 0)) for part in parts} | {"all": len(split)}


def _has_mask(inputs: dict) -> bool:
    images = inputs.get("images", {})
    return any(MASK in files for files in images.values())


def _registrations(motion: pd.DataFrame) -> dict:
    """Number of registrations, by flag and by method; errors in mm where the truth is known."""
    known = motion["error_after_mm"].notna()
    return {
        "all": len(motion),
        **{flag: int((motion["flag"] == flag).sum()) for flag in FLAGS},
        "methods": motion["method"].value_counts().to_dict(),
        "error_before_mm": _known(motion.loc[known, "error_before_mm"].mean()),
        "error_after_mm": _known(motion.loc[known, "error_after_mm"].mean()),
    }


def _scores(scores: pd.DataFrame) -> dict:
    """How the test patients were segmented; None for what is not defined without tumour."""
    dice = scores["dice"].dropna()
    return {
        "patients": len(scores),
        "dice_median": _known(dice.median()),
        "dice_lowest": _known(dice.min()),
        "dice_highest": _known(dice.max()),
        "surface_distance_mm": _known(scores["surface_distance_mm"].median()),
        **{key: int(scores[key].sum()) for key in ("lesions", "detected", "false_positives")},
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
