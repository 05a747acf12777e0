"""Relevance tables of a cohort, with random shares, and their agreement with the measurement."""

import numpy as np
import pandas as pd

from mrelevance.evaluation.agreement import agreement, agreement_summary

STUDY = ["T1-pre", "T1-20s", "T1-60s", "T1-120s", "T1-15min", "T2"]
BRAIN = ["FLAIR", "T1", "T1KS", "T2"]
METHODS = ["alpha1_beta0", "epsilon", "shapley"]


def relevance_of(sequences, patients, types=("cyst", "metastasis")):
    """Relevance and lesion tables: per patient the tumour and one lesion of each type."""
    generator = np.random.default_rng(0)
    rows, lesions = [], []
    for patient in (f"{p:02d}" for p in range(patients)):
        regions = [("tumour", 0), *(("TP", k + 1) for k in range(len(types)))]
        for method in METHODS:
            for region, lesion in regions:
                shares = generator.dirichlet(np.ones(len(sequences)))
                for sequence, share in zip(sequences, shares, strict=True):
                    rows.append([patient, method, region, lesion, sequence, share, share])
        lesions += [[patient, "TP", k + 1, kind, 8.0 + k] for k, kind in enumerate(types)]
    columns = ["patient", "method", "region", "lesion", "sequence"]
    return (
        pd.DataFrame(rows, columns=[*columns, "relevance", "relevance_pooled"]),
        pd.DataFrame(lesions, columns=["patient", "region", "lesion", "type", "diameter_mm"]),
    )


def summary_of(relevance):
    """Agreement summary of a relevance table."""
    return agreement_summary(agreement(relevance), 50, 0.95, 0)
