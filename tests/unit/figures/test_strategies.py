import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from helpers.figure_words import texts
from helpers.lesion_tables import features_of, planted, types_of
from helpers.volumes import SHAPE, SPACING, volumes

from mrelevance.analysis.strategies import find_strategies, strategy_summary, strategy_table
from mrelevance.figures.strategies import draw
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import image_like, write_image

SEQUENCES = ["s0", "s1", "s2"]


def drawn(points, types, folder, lesion):
    """Figure of lesions with these shares; one image serves all patients."""
    features = features_of(points).assign(inside=0.7, elsewhere=0.3)
    found = find_strategies(features, seed=1)
    named = types_of(features, types)
    table = strategy_table(found, named)
    table = table.assign(eigenvector_2=found.plane[:, 0], eigenvector_3=found.plane[:, 1])
    eigenvalues = pd.DataFrame(
        {
            "number": np.arange(1, len(found.eigenvalues) + 1),
            "eigenvalue": found.eigenvalues,
            "chance_gap": found.chance_gap,
        }
    )
    lesions = named.assign(region_id=named["lesion"] + 1)
    grid = sitk.Image(*SHAPE[::-1], sitk.sitkUInt8)
    grid.SetSpacing(SPACING[::-1])
    write_image(image_like(volumes(3).astype(np.float32), grid), folder / "image.nii")
    patients = table["patient"].unique()
    regions = {}
    for number in (1, 2, 3):
        path = folder / f"regions_{number}.nii.gz"
        write_image(image_like(lesion.astype(np.uint8) * (number + 1), grid), path)
    medoids = table[table["medoid"] == 1].set_index("patient")["lesion"].to_dict()
    regions = {name: folder / f"regions_{medoids.get(name, 1)}.nii.gz" for name in patients}
    images = dict.fromkeys(patients, folder / "image.nii")
    summary = strategy_summary(found, named)
    return draw(table, summary, eigenvalues, lesions, images, regions, SEQUENCES, "epsilon")


@pytest.mark.parametrize("lesions", [60, 8])
def test_each_cluster_has_one_example(lesions, tmp_path, lesion):
    truth, points = planted(lesions)
    figure = drawn(points, np.array(["HCC", "cyst", "unknown"])[truth], tmp_path, lesion)
    shown = texts(figure)
    pictures = [axes for axes in figure.axes if axes.images]
    if lesions == 60:
        assert len(pictures) == 3 * len(SEQUENCES)
        assert "3 stable clusters" in shown and "20 lesions in 20 patients (20 TP): 20 HCC" in shown
    else:
        assert len(pictures) == len(SEQUENCES)
        assert "not clustered: 8 lesions" in shown
        # Nothing above the example: no empty space where clusters would be shown.
        top = max(axes.get_tightbbox().y1 for axes in figure.axes if axes.get_visible())
        assert "eigenvalue" not in shown and top > figure.bbox.height * 0.8
    # Every example has its outline, so the region was found.
    assert all(axes.collections for axes in pictures)


def test_no_lesion_has_no_strategy(tmp_path, lesion):
    figure = drawn(np.empty((0, 3)), [], tmp_path, lesion)
    assert "no lesion with relevance" in texts(figure)


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="strategies: column patient"):
        draw(*[pd.DataFrame()] * 4, {}, {}, SEQUENCES, "epsilon")
