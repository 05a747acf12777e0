"""Tables of lesions, small and with known properties, for tests of cohort analyses and figures."""

import numpy as np
import pandas as pd

from helpers.explained import explained_patient
from mrelevance.attribution.target_table import target_table

SEQUENCES = ["T1", "T2", "FLAIR"]
TWO_SEQUENCES = ["T1", "T2"]
ZONES = ["inside", "within_5_mm", "elsewhere"]
RESAMPLING = {"resamples": 200, "confidence": 0.9, "seed": 1}


def context_of(patients=5, lesions=2, seed=0, method="epsilon"):
    """Context table; the last patient's second lesion is a false positive."""
    generator = np.random.default_rng(seed)
    rows = []
    for patient in range(patients):
        for lesion in range(1, lesions + 1):
            values = generator.normal(1, 1, (len(ZONES), len(SEQUENCES)))
            values /= values.sum()
            region = "FP" if (patient, lesion) == (patients - 1, 2) else "TP"
            for z, zone in enumerate(ZONES):
                for c, sequence in enumerate(SEQUENCES):
                    net = values[z, c]
                    rows.append([f"P{patient}", method, "margin", region, lesion, zone, 9,
                                 sequence, net, max(net, 0) + 0.1, min(net, 0) - 0.1])  # fmt: skip
    columns = ["patient", "method", "target", "region", "lesion", "zone", "zone_voxels",
               "sequence", "relevance", "positive", "negative"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def targets_of(patients, tumour_part):
    """Shapley values of patients whose margin is made of both logits in fixed parts."""
    generator, mask = np.random.default_rng(0), np.ones((1, 2, 2), bool)
    tables = []
    for patient in range(patients):
        margin = generator.uniform(1, 2, (3, 1, 1, 1)) * np.ones((3, 1, 2, 2))
        values = np.stack([(tumour_part - 1) * margin, tumour_part * margin], axis=1)
        explained = explained_patient(
            np.zeros((len(SEQUENCES), *mask.shape)),
            {("tumour", 0): mask},
            f"P{patient}",
            sequences=SEQUENCES,
        )
        tables.append(target_table(values, explained))
    return pd.concat(tables)


def lesion_tables(patients=8):
    """Lesions, contrast, conspicuity and relevance: two TP and one FP per patient.

    The share of T2 grows with its true contrast to noise, which has either sign.
    """
    generator = np.random.default_rng(0)
    lesions, contrast, truth, relevance = [], [], [], []
    for name in (f"P{patient}" for patient in range(patients)):
        lesions += [
            [name, "TP", 1, 1, "cyst", 2.0, generator.uniform(8, 40)],
            [name, "TP", 2, 2, "HCC", 3.0, generator.uniform(8, 40)],
            [name, "FP", 3, 0, "none", 0.1, 5.0],
        ]
        for region, number in (("TP", 1), ("TP", 2), ("FP", 3)):
            visible = generator.normal(0, 4, len(TWO_SEQUENCES))
            share = 0.1 * abs(visible[1])
            for sequence, value in zip(TWO_SEQUENCES, visible, strict=True):
                contrast.append([name, region, number, sequence, value + 0.1])
                # The truth also knows lesions that bear the number of the false positive.
                truth.append([name, number, sequence, value])
                own = share if sequence == "T2" else 1 - share
                relevance.append([name, "epsilon", region, number, sequence, own])
    return (
        pd.DataFrame(lesions, columns=["patient", "region", "region_id", "lesion", "type",
                                       "volume_ml", "diameter_mm"]),
        pd.DataFrame(contrast, columns=["patient", "region", "lesion", "sequence", "contrast"]),
        pd.DataFrame(truth, columns=["patient", "lesion", "sequence", "contrast_to_noise"]),
        pd.DataFrame(relevance, columns=["patient", "method", "region", "lesion", "sequence",
                                         "relevance_pooled"]),
    )  # fmt: skip


def features_of(points):
    """Lesions with these shares, three to a patient."""
    index = pd.MultiIndex.from_tuples(
        [(f"P{row // 3:02d}", "TP", row % 3 + 1) for row in range(len(points))],
        names=["patient", "region", "lesion"],
    )
    return pd.DataFrame(points, index=index, columns=[f"s{c}" for c in range(points.shape[1])])


def planted(lesions=60, groups=3, seed=0):
    """Groups of lesions that lie far apart: the group of each, and their shares."""
    generator = np.random.default_rng(seed)
    truth = np.arange(lesions) % groups
    return truth, np.eye(groups)[truth] + generator.normal(0, 0.1, (lesions, groups))


def types_of(features, names):
    """Table of lesion types, one for each row of the features."""
    return features.reset_index()[["patient", "region", "lesion"]].assign(type=names)
