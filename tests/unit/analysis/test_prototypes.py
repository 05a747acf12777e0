import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from mrelevance.analysis.prototypes import (
    POINTS,
    REACH,
    aligned_map,
    average_maps,
    mean_maps,
    profile_table,
    radii,
)
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import image_like, write_image

SPACING = (4.0, 3.0, 2.0)
SHAPE = (20, 30, 40)
CELL = (2 * REACH / (POINTS - 1)) ** 3  # in cubed diameters


def ball(centre_mm, radius_mm):
    places = np.stack(np.meshgrid(*(np.arange(n) * s for n, s in zip(SHAPE, SPACING, strict=True)),
                                  indexing="ij"))  # fmt: skip
    distance = np.sqrt(((places - np.reshape(centre_mm, (3, 1, 1, 1))) ** 2).sum(axis=0))
    return distance <= radius_mm, distance


def relevance_around(centre_mm, radius_mm):
    region, distance = ball(centre_mm, radius_mm)
    # Nothing of it beyond the image, wherever it lies.
    bump = np.exp(-((distance / radius_mm) ** 2)) * (distance < 1.8 * radius_mm)
    return np.stack([3 * bump, -bump]), region


def test_translated_copies_have_the_prototype_of_the_original():
    one = aligned_map(*relevance_around((32, 36, 32), 12), SPACING)
    moved = aligned_map(*relevance_around((40, 51, 42), 12), SPACING)
    np.testing.assert_allclose(moved, one, atol=1e-10)
    means, counts = mean_maps([("cyst", one), ("cyst", moved)])
    np.testing.assert_allclose(means["cyst"], one, atol=1e-10)
    assert counts == {"cyst": 2}


def test_lesions_of_all_sizes_look_alike():
    small = aligned_map(*relevance_around((40, 45, 40), 10), SPACING)
    large = aligned_map(*relevance_around((40, 45, 40), 20), SPACING)
    assert np.abs(small - large).max() < 0.12 * np.abs(large).max()


def test_density_integrates_to_the_whole_relevance():
    aligned = aligned_map(*relevance_around((40, 45, 40), 12), SPACING)
    assert aligned.shape == (2, POINTS, POINTS, POINTS)
    assert aligned.sum() * CELL == pytest.approx(1, abs=0.03)
    assert aligned[0].sum() / aligned.sum() == pytest.approx(1.5)
    scaled, region = relevance_around((40, 45, 40), 12)
    np.testing.assert_allclose(aligned_map(7 * scaled, region, SPACING), aligned)


def test_lesion_at_the_border_sees_nothing_beyond():
    relevance_map, region = relevance_around((0, 45, 40), 12)
    aligned = aligned_map(relevance_map, region, SPACING)
    assert np.isfinite(aligned).all() and (aligned[:, 0] == 0).all()


def test_profile_falls_with_the_radius_and_types_come_by_number():
    one = aligned_map(*relevance_around((40, 45, 40), 12), SPACING)
    means, counts = mean_maps([("cyst", one), ("HCC", one), ("HCC", 3 * one)])
    assert list(means) == ["HCC", "cyst"] and counts == {"HCC": 2, "cyst": 1}
    np.testing.assert_allclose(means["HCC"], 2 * one)
    table = profile_table(means, counts, ["T1", "T2"])
    own = table[(table["type"] == "cyst") & (table["sequence"] == "T1")]
    assert own["relevance"].is_monotonic_decreasing
    assert own["radius_diameters"].iloc[0] == 0.0625
    inner = one[0][radii() < 0.125].mean()
    assert own["relevance"].iloc[0] == pytest.approx(inner)
    assert (table.loc[table["type"] == "HCC", "lesions"] == 2).all()


def test_no_lesion_and_an_empty_region():
    assert mean_maps([]) == ({}, {})
    assert profile_table({}, {}, ["T1"]).empty
    with pytest.raises(InputError, match="no voxel"):
        aligned_map(np.ones((2, *SHAPE)), np.zeros(SHAPE, bool), SPACING)


def test_step_averages_the_found_lesions_of_all_patients(tmp_path):
    rows, maps, regions = [], {}, {}
    for patient, centre in (("P1", (40, 45, 40)), ("P2", (32, 36, 32))):
        relevance_map, region = relevance_around(centre, 12)
        grid = sitk.GetImageFromArray(region.astype(np.uint8))
        grid.SetSpacing(SPACING[::-1])
        maps[patient], regions[patient] = tmp_path / patient, tmp_path / f"{patient}.nii.gz"
        write_image(grid, regions[patient])
        write_image(image_like(relevance_map, grid), maps[patient] / "deeplift/map_TP_1.nii.gz")
        rows.append([patient, "TP", 1, 1, "cyst"])
        rows.append([patient, "FN", 2, 2, "HCC"])
    lesions = pd.DataFrame(rows, columns=["patient", "region", "region_id", "lesion", "type"])
    made = average_maps(lesions, maps, regions, "deeplift", ["T1", "T2"])
    arrays = made["prototypes{region}.npz"]
    assert list(arrays["types"]) == ["cyst"] and list(arrays["lesions"]) == [2]
    assert arrays["maps"].shape == (1, 2, POINTS, POINTS, POINTS)
    expected = aligned_map(*relevance_around((40, 45, 40), 12), SPACING)
    np.testing.assert_allclose(arrays["maps"][0], expected, atol=1e-6 * expected.max())
    assert set(made["prototypes"]["lesions"]) == {2}
