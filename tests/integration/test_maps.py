"""The tests of maps, on the tiny phantom."""

import numpy as np
import pytest
import SimpleITK as sitk

from mrelevance.runtime.files import read_table
from mrelevance.runtime.methods import GALLERY

pytestmark = pytest.mark.workflow

METHODS = {
    *("alpha1_beta0", "deeplift", "deepshap"),
    *("guided_backprop", "seg_grad_cam_coarsest", "random"),
}


@pytest.fixture(scope="module")
def mapped(study) -> set:
    """The (patient, lesion) that are to be mapped: the largest that was found in each patient."""
    lesions = read_table(study.folder / "results/summary/lesions.tsv")
    found = lesions[lesions["region"] == "TP"].sort_values("voxels").groupby("patient").tail(1)
    return set(found[["patient", "lesion"]].itertuples(index=False, name=None))


def test_every_method_is_perturbed_on_the_largest_lesion_of_every_patient(study, mapped):
    curves = read_table(study.folder / "results/evaluation/maps/perturbation.tsv")
    assert set(curves["method"]) == METHODS
    assert set(curves[["patient", "lesion"]].itertuples(index=False, name=None)) == mapped
    # Where nothing or everything is replaced, the method makes no difference.
    ends = curves[curves["replaced_share"].isin([0, 1])]
    spread = ends.groupby(["patient", "units", "replacement", "step"])["margin"].agg(np.ptp)
    assert len(spread) and (spread == 0).all()
    areas = read_table(study.folder / "results/summary/perturbation.tsv")
    assert set(areas["n"]) == {len(mapped)}
    assert set(areas["measure"]) == {"most_relevant", "least_relevant", "difference"}


def test_every_stage_is_randomised(study, mapped):
    similarities = read_table(study.folder / "results/evaluation/maps/randomisation.tsv")
    assert set(similarities["method"]) == {
        *("alpha1_beta0", "gradient", "random", "network_output")
    }
    assert set(similarities[["patient", "lesion"]].itertuples(index=False, name=None)) == mapped
    names = list(similarities["stage_name"].unique())
    assert names[:2] == ["trained", "output"] and names[-1] == "encoder 1"
    trained = similarities[similarities["stage"] == 0]
    np.testing.assert_allclose(trained["similarity"], 1)
    summary = read_table(study.folder / "results/summary/randomisation.tsv")
    assert summary["verdict"].notna().all()


def test_gallery_lies_over_the_image_and_conserves(study):
    results = study.folder / "results"
    conservation = read_table(results / "evaluation/maps/conservation.tsv")
    assert list(conservation["method"].unique()) == list(GALLERY)
    patient = conservation["patient"].iloc[0]
    image = sitk.ReadImage(str(results / f"preprocessed/{patient}/image.nii"))
    for method in GALLERY:
        volume = sitk.ReadImage(str(results / f"evaluation/maps/gallery/{method}.nii.gz"))
        assert volume.GetSpacing()[:3] == pytest.approx(image.GetSpacing()[:3])
        corner = image.TransformPhysicalPointToContinuousIndex((*volume.GetOrigin()[:3], 0.0))
        assert corner[:3] == pytest.approx(np.round(corner[:3]), abs=1e-3)
    left = conservation.groupby("method")["remaining"].last()
    conserving = ["alpha2_beta1", "alpha1_beta0", "gamma", "deeplift", "deepshap"]
    assert left[conserving].to_numpy() == pytest.approx(1, abs=0.02)


def test_figures_are_drawn(study):
    for figure in ("perturbation", "randomisation", "map_gallery"):
        for suffix, start in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
            file = study.folder / f"results/figures/{figure}{suffix}"
            assert file.read_bytes().startswith(start)
