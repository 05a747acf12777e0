"""The same patient stored in another orientation gives the same tables.

From NIfTI files through import, registration, preprocessing, prediction and relevance.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import torch
from helpers.motion_pairs import SETTINGS, empty_image, sequence, world
from helpers.orientations import stored
from helpers.segmentations import BINARY, TUMOUR

from mrelevance.attribution.context import context_table, patient_zones
from mrelevance.attribution.contrast import contrast_table
from mrelevance.attribution.inputs import read_explained_patient
from mrelevance.attribution.patient import compute_relevance, write_volumes
from mrelevance.attribution.target import Target
from mrelevance.cohort.importing import import_mask, import_patient, lesion_table
from mrelevance.cohort.patient import PatientImages
from mrelevance.lrp import Windows
from mrelevance.networks.prediction import predict_patient, read_preprocessed, write_prediction
from mrelevance.networks.predictor import Predictor
from mrelevance.preprocessing.grid import resample_label
from mrelevance.preprocessing.patient import preprocess_patient
from mrelevance.registration.correction import correct_patient
from mrelevance.registration.quality import quality_table
from mrelevance.runtime.files import write_json, write_table
from mrelevance.runtime.images import image_like, read_image, to_array, write_image

SEQUENCES = ["B", "A", "C"]
FIXED = "A"
MOTION = SETTINGS | {
    "levels": [
        {"resolution_mm": 9, "control_spacing_mm": 80, "iterations": 4},
        {"resolution_mm": 5, "control_spacing_mm": 50, "iterations": 4},
    ]
}
RELEVANCE = {"composites": ["deeplift"], "tau": 0.1, "statistics": "live"}
# How each sequence is stored, the fixed one (and what is drawn on it) in the middle.
ORIENTATIONS = {
    "RAS": ("RAS", "RAS", "RAS"),
    "sagittal": ("PIR", "PIR", "PIR"),
    "mixed": ("LPS", "AIL", "RSA"),
}


def tilted(size, spacing, degrees):
    """Grid turned against the patient, about the middle of the anatomy."""
    turn = sitk.Euler3DTransform()
    turn.SetRotation(*np.deg2rad(degrees))
    direction = np.reshape(turn.GetMatrix(), (3, 3))
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetDirection(direction.ravel().tolist())
    half = direction @ ((np.array(size) - 1) / 2 * spacing)
    image.SetOrigin((np.array([6.0, 10.0, 10.0]) - half).tolist())
    return image


GRIDS = {
    "straight": empty_image((60, 51, 31)),
    "oblique": tilted((57, 50, 29), (4, 4.2, 5), (9, -6, 14)),
}


class SmallNetwork(torch.nn.Module):
    """Tumour is what is bright in the first channel; no axis or direction is like another."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first = torch.nn.Conv3d(3, 4, 3, padding=1)
        self.last = torch.nn.Conv3d(4, 2, 1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(0.02 * torch.randn(parameter.shape, generator=generator))
            self.first.weight[0, 0, :, :2] += 1 / 18
            self.last.weight[1, 0] += 1
            self.last.bias[1] -= 1

    def forward(self, image):
        return self.last(torch.nn.functional.leaky_relu(self.first(image), 0.1))


def drawn_on(grid: sitk.Image, balls: list) -> sitk.Image:
    """Mask of balls (centre, radius in mm)."""
    points = world(grid)
    inside = np.any([np.linalg.norm(points - c, axis=-1) < radius for c, radius in balls], axis=0)
    return image_like(inside, grid)


def images_of(grid: sitk.Image) -> dict[str, sitk.Image]:
    """Three sequences with motion, C without the lowest slices; label and mask on that of A."""
    fixed = sequence("A", grid, 0)
    return {
        "B": sequence("B", grid, 9),
        "A": fixed,
        "C": sequence("C", grid, 5)[:, :, 11:],
        "label": drawn_on(fixed, [((30, 20, 40), 13), ((-40, 0, 30), 17), ((10, 30, -18), 15)]),
        "mask": drawn_on(fixed, [((6, 10, 10), 70)]),
    }


def study(folder: Path, images: dict[str, sitk.Image]) -> dict[str, pd.DataFrame]:
    """All tables of one patient, from image files."""
    files = {name: folder / f"{name}.nii.gz" for name in images}
    for name, image in images.items():
        write_image(image, files[name])
    sequences = {name: files[name] for name in SEQUENCES}
    raw = import_patient("P", sequences, files["label"], FIXED, BINARY)
    mask = import_mask(files["mask"], raw.fixed, "P")
    lesions = lesion_table(raw.label, "P")
    corrections = correct_patient(PatientImages("P", raw.images, FIXED, raw.label, mask), MOTION)
    done = preprocess_patient(
        PatientImages("P", {n: c.image for n, c in corrections.items()}, FIXED, raw.label),
        sitk.JoinSeries([correction.coverage for correction in corrections.values()]),
        {"spacing_mm": None, "margin_mm": 8},
    )
    paths = {
        name: folder / f"preprocessed_{name}.nii.gz" for name in ("image", "coverage", "label")
    }
    for name, path in paths.items():
        write_image(getattr(done, name), path)
    paths |= {"channels": folder / "channels.json", "lesions": folder / "raw_lesions.tsv"}
    write_json(done.channels, paths["channels"])
    write_table(lesions, paths["lesions"])
    predictor = Predictor(SmallNetwork().eval(), Windows((24, 32, 32)), divisor=4)
    preprocessed = read_preprocessed("P", paths, SEQUENCES, BINARY, TUMOUR)
    prediction = predict_patient(predictor, preprocessed, 0.1, TUMOUR)
    written = {n: folder / f"{n}.nii.gz" for n in ("probability", "segmentation", "regions")}
    written["label"] = folder / "label_of_region.nii.gz"
    tables = {n: folder / f"{n}.tsv" for n in ("lesions", "scores")}
    write_prediction(prediction, TUMOUR.name, written | tables)
    explained = read_explained_patient("P", paths | written | tables, SEQUENCES, "inpainted")
    zones = patient_zones(explained, None)
    relevance, context = [], []
    for found in compute_relevance(explained, predictor, Target("margin"), RELEVANCE):
        relevance.append(found.table)
        context.append(
            context_table(found.maps, zones, SEQUENCES, {"p": "P", "m": found.method, "t": ""})
        )
        write_volumes(found, explained.grid, folder / "volumes" / found.method)
    return {
        "raw lesions": lesions,
        "quality": quality_table(raw, corrections, None),
        "lesions": prediction.lesions,
        "scores": prediction.scores,
        "relevance": pd.concat(relevance, ignore_index=True),
        "context": pd.concat(context, ignore_index=True),
        "contrast": contrast_table(explained, zones),
    }


@pytest.fixture(scope="module", params=GRIDS)
def expected(request, tmp_path_factory):
    """Images, folder and tables of the patient stored along its own axes."""
    images = images_of(GRIDS[request.param])
    folder = tmp_path_factory.mktemp(request.param)
    return images, folder, study(folder, images)


def test_the_patient_has_something_to_compare(expected):
    """Otherwise equal tables would say little."""
    _, _, tables = expected
    assert {"TP", "FN"} <= set(tables["lesions"]["region"])
    assert tables["lesions"]["uncovered_voxels"].sum() > 0
    assert tables["quality"].set_index("sequence").loc["C", "coverage"] < 0.8
    assert set(tables["quality"]["method"]) == {"deformable"}
    assert tables["relevance"]["relevance_pooled"].abs().max() > 0.2


@pytest.mark.parametrize("orientation", ORIENTATIONS.values(), ids=ORIENTATIONS)
def test_every_table_is_the_same(expected, orientation, tmp_path):
    images, folder, tables = expected
    of_fixed = orientation[SEQUENCES.index(FIXED)]
    axes = dict(zip(SEQUENCES, orientation, strict=True)) | {"label": of_fixed, "mask": of_fixed}
    turned = study(tmp_path, {name: stored(image, axes[name]) for name, image in images.items()})
    for name, table in tables.items():
        pd.testing.assert_frame_equal(turned[name], table, rtol=1e-6, atol=1e-6, obj=name)
    for name in ("segmentation", "volumes/deeplift/shares"):
        written, ours = (read_image(place / f"{name}.nii.gz") for place in (tmp_path, folder))
        assert written.GetOrigin() == pytest.approx(ours.GetOrigin(), abs=1e-4)
        assert written.GetDirection() == pytest.approx(ours.GetDirection(), abs=1e-6)
        np.testing.assert_allclose(to_array(written), to_array(ours), atol=1e-5)


def test_what_is_written_lies_over_the_patients_own_image(expected):
    """Predicted tumour is bright where the patient's own file is, place by place."""
    images, folder, tables = expected
    segmentation = read_image(folder / "segmentation.nii.gz")
    label = to_array(resample_label(images["label"], segmentation)) > 0
    found = tables["lesions"].query("region == 'TP'")["region_id"]
    regions = to_array(read_image(folder / "regions.nii.gz"))
    assert len(found) and all((label & (regions == number)).any() for number in found)
