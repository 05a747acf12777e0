"""A tiny cohort with a tiny nnU-Net whose segmentations are the labels.

So every Dice is 1 if, and only if, each patient reaches the network as its file is stored.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
import torch

from helpers.nnunet import architecture, configuration, dataset, network, plans, write_folder
from mrelevance.networks.loading import load
from mrelevance.runtime.files import write_table

CHANNELS = ("T1", "T2")
SPACING = (2.0, 2.0, 2.0)
SHAPE = (12, 16, 20)
SHARE = 0.93
"""Quantile of the margin above which a voxel is tumour."""


def write_network(folder, channels=CHANNELS, folds=(0, 1), mirrored=(2,)):
    """A results folder of nnU-Net with networks that find few voxels of tumour."""
    entries = configuration(spacing=list(SPACING[::-1]), patch_size=list(SHAPE))
    described = dataset(channels, {"background": 0, "tumour": 1})
    networks = [network(architecture(), 2, 2, seed) for seed in range(len(folds))]
    content = plans({"3d_fullres": entries})
    write_folder(folder, content, described, folds, networks, mirrored=mirrored)
    case = load(folder).preprocess(dict(zip(channels, images(0).values(), strict=True)))
    predictor = load(folder)
    logits = predictor.logits(case.image)
    shift = float(torch.quantile(logits[1] - logits[0], SHARE))
    for one in networks:
        with torch.no_grad():
            one.decoder.seg_layers[-1].bias[1] -= shift
    write_folder(folder, content, described, folds, networks, mirrored=mirrored)
    return Path(folder)


def images(seed, shape=SHAPE, sequences=CHANNELS):
    """Smooth random 3D image of each sequence, on one grid along the patient's axes."""
    found = {}
    for number, name in enumerate(sequences):
        noise = np.random.default_rng(10 * seed + number).normal(size=shape)
        for axis in range(3):
            noise = sum(np.roll(noise, shift, axis) for shift in (-1, 0, 1))
        image = sitk.GetImageFromArray((20 * noise + 300).astype(np.float32))
        image.SetSpacing(SPACING)
        image.SetOrigin((-20.0, 5.0, 7.5))
        found[name] = image
    return found


def sagittal(image):
    """The same image stored with sagittal slices; no voxel is interpolated."""
    return sitk.PermuteAxes(image, (1, 2, 0))


def write_cohort(folder, network_folder, patients=3, turned=(1,), split=None, sequences=CHANNELS):
    """Images, labels and the sample sheet; `turned` ones are stored with sagittal slices."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    predictor, rows = load(network_folder), []
    for patient in range(patients):
        of_patient = images(patient, sequences=sequences)
        if patient in turned:
            of_patient = {name: sagittal(image) for name, image in of_patient.items()}
        channels = dict(zip(predictor.deployment.channels, of_patient.values(), strict=True))
        label = predictor.segment(predictor.preprocess(channels))
        row = {"patient": f"P{patient}"}
        (folder / row["patient"]).mkdir()
        for name, image in {**of_patient, "label": label}.items():
            row[name] = f"P{patient}/{name}.nii.gz"
            sitk.WriteImage(image, str(folder / row[name]))
        rows.append(row if split is None else row | {"split": split[patient]})
    write_table(pd.DataFrame(rows), folder / "sheet.tsv")
    return folder


def study(folder, network_folder, **network):
    """Configuration of a study of the cohort, as changes to config.yaml."""
    return {
        "sequences": list(CHANNELS),
        "fixed_sequence": "T1",
        "cohort": {
            "source": "images", "patients": str(folder / "sheet.tsv"), "data": str(folder),
        },
        "motion": {"method": "none", "on_failure": "continue"},
        "network": {"source": str(network_folder), "divisor": 4} | network,
        "relevance": {"composites": ["alpha1_beta0", "deeplift", "deepshap"]},
        "evaluation": {
            "precision": "float32",
            "maps": {
                "lesions": 1,
                "crop": list(SHAPE[::-1]),
                "methods": ["alpha1_beta0", "deeplift", "deepshap", "gradient", "random"],
                "units": ["one_sequence"],
                "replacements": ["baseline"],
                "steps": 3,
                "randomised_lesions": 1,
                "randomised_methods": ["alpha1_beta0", "random"],
            },
        },
    }  # fmt: skip
