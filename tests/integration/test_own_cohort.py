"""A cohort of one's own, with a mask of the organ of interest: the phantom's images as a user's."""

import numpy as np
import pytest
import SimpleITK as sitk
import yaml

from mrelevance.registration.quality import read_truth
from mrelevance.registration.spline import displacement_field
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.images import read_image, to_array

pytestmark = pytest.mark.workflow

CONFIG = "own.yaml"


@pytest.fixture(scope="module")
def cohort(study, tmp_path_factory):
    """The tiny phantom's images in a data folder, a sheet with a mask column, no results."""
    project = study.copy(tmp_path_factory.mktemp("own") / "project")
    (project.folder / "results/raw").rename(project.folder / "data")
    for path in (project.folder / "results").iterdir():
        path.rename(project.folder / f"before-{path.name}")
    config = yaml.safe_load((project.folder / "tests/integration/tiny.yaml").read_text())
    sequences = yaml.safe_load((project.folder / "config/config.yaml").read_text())["sequences"]
    config["cohort"] = {"source": "images", "patients": "sheet.tsv", "data": "data"}
    # The phantom numbers its lesions.
    config["segmentation"] = {"lesions": "values"}
    (project.folder / CONFIG).write_text(yaml.safe_dump(config))
    sheet = read_table(project.folder / "tests/integration/tiny.tsv")
    for name in sequences:
        sheet[name] = sheet["patient"] + f"/{name}.nii.gz"
    sheet["label"] = sheet["patient"] + "/label.nii.gz"
    sheet["mask"] = sheet["patient"] + "/truth/liver.nii.gz"
    write_table(sheet, project.folder / "sheet.tsv")
    return project


@pytest.fixture(scope="module")
def corrected(cohort):
    done = cohort.snakemake("results/motion/T1/quality.tsv", config=CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    return cohort.folder / "results"


def test_the_mask_decides_where_it_is_compared(corrected, cohort):
    masked = read_table(corrected / "motion/T1/quality.tsv").set_index("sequence")
    whole = read_table(cohort.folder / "before-motion/T1/quality.tsv").set_index("sequence")
    assert (masked["similarity_before"] != whole["similarity_before"]).all()
    mask = to_array(read_image(corrected / "raw/T1/mask.nii.gz")) > 0
    truth = to_array(read_image(cohort.folder / "data/T1/truth/liver.nii.gz")) > 0
    assert (mask == truth).all()


def test_the_organ_is_where_it_belongs(corrected, cohort):
    """Error in the liver against the phantom's displacement, which this cohort does not know."""
    quality = read_table(corrected / "motion/T1/quality.tsv").set_index("sequence")
    assert quality["error_after_mm"].isna().all()
    truth = read_truth(cohort.folder / "data/T1/truth", list(quality.index))
    liver = to_array(truth.liver) > 0
    before, after = [], []
    for sequence, expected in truth.displacements.items():
        transform = sitk.ReadTransform(str(corrected / f"motion/T1/{sequence}.h5"))
        found = to_array(displacement_field(transform, truth.liver))[liver]
        moved = to_array(expected)[liver]
        before.append(np.linalg.norm(moved, axis=1).mean())
        after.append(np.linalg.norm(found - moved, axis=1).mean())
    assert len(after) == 5
    assert np.mean(after) < 0.5 * np.mean(before)


def test_an_empty_mask_is_one_clear_error(cohort):
    mask = cohort.folder / "data/T2/truth/liver.nii.gz"
    whole = read_image(mask)
    sitk.WriteImage(sitk.Cast(whole * 0, sitk.sitkUInt8), str(mask))
    done = cohort.snakemake("results/raw/T2/mask.nii.gz", config=CONFIG)
    sitk.WriteImage(whole, str(mask))
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert "patient T2, mask" in output and "holds no voxel above 0; draw the organ" in output


def test_labels_of_undeclared_meaning_are_one_clear_error(cohort):
    config = yaml.safe_load((cohort.folder / CONFIG).read_text())
    del config["segmentation"]
    (cohort.folder / "undeclared.yaml").write_text(yaml.safe_dump(config))
    done = cohort.snakemake(
        "results/raw/checked.tsv", "--forcerun", "check_cohort", config="undeclared.yaml"
    )
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert (
        "labels of 6 patients: several values, whose meaning is open: 1 in 6 (A1, A2, V1, ...)"
        in output
    )
    assert "set segmentation.lesions: values" in output and "Traceback" not in output
