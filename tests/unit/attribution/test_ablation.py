from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.explained import explained_patient

from mrelevance.attribution.ablation import ablated_coalitions, ablation_table, occlusion_parts
from mrelevance.attribution.shapley import shapley_values
from mrelevance.networks.lesions import find_regions
from mrelevance.networks.scores import score_patient

SEQUENCES = ["T1", "T2", "FLAIR"]
SHAPE = (6, 7, 8)


def logits_of(x: torch.Tensor) -> torch.Tensor:
    """Tumour where T1 is bright, or T2 and FLAIR are both."""
    t1, t2, flair = x[0]
    return torch.stack([torch.full_like(t1, 0.5), t1 + t2 * flair])


@pytest.fixture
def label() -> np.ndarray:
    label = np.zeros(SHAPE, int)
    label[1:3, 1:3, 1:3], label[4, 4:6, 5:7] = 1, 2
    return label


@pytest.fixture
def outputs(label):
    """Logits by coalition: lesion 1 shows in T1, lesion 2 in T2 and FLAIR together."""
    image = torch.zeros(3, *SHAPE)
    image[0][torch.from_numpy(label == 1)] = 1
    image[1:, torch.from_numpy(label == 2)] = 1
    seen = {}
    shapley_values(logits_of, image, torch.zeros_like(image), observe=seen.__setitem__)
    return seen


def patient_with(label, predicted):
    masks = {("tumour", 0): predicted}
    return explained_patient(np.zeros((3, *SHAPE)), masks, sequences=SEQUENCES, label=label)


def test_coalitions_are_all_none_all_but_one_and_one_alone():
    coalitions = ablated_coalitions(3)
    assert coalitions["all", None] == (True, True, True)
    assert coalitions["none", None] == (False, False, False)
    assert coalitions["drop_one", 1] == (True, False, True)
    assert coalitions["keep_one", 2] == (False, False, True)
    assert len(coalitions) == 8


def test_every_coalition_is_observed_once(outputs):
    assert len(outputs) == 8
    assert set(ablated_coalitions(3).values()) <= set(outputs)


def test_parts_are_differences_of_forward_passes(outputs, label):
    margins = {coalition: logits[1] - logits[0] for coalition, logits in outputs.items()}
    first, second = label == 1, label == 2
    dropped = occlusion_parts("drop_one", margins, 3).numpy()
    kept = occlusion_parts("keep_one", margins, 3).numpy()
    assert dropped[:, first].T.tolist() == [[1, 0, 0]] * 8
    # T2 and FLAIR need each other: each takes all when it leaves, and gives nothing alone.
    assert dropped[:, second].T.tolist() == [[0, 1, 1]] * 4
    assert kept[:, first].T.tolist() == [[1, 0, 0]] * 8
    assert kept[:, second].T.tolist() == [[0, 0, 0]] * 4
    assert not dropped[:, label == 0].any() and not kept[:, label == 0].any()


def test_halves_of_a_game_of_four():
    """v(S) = T1 + 2 T1 T2 + 4 T2 FLAIR DWI: by hand, sequence by sequence."""

    def value(t1: bool, t2: bool, flair: bool, dwi: bool) -> torch.Tensor:
        return torch.tensor(float(t1 + 2 * t1 * t2 + 4 * t2 * flair * dwi)).view(1, 1, 1)

    needed = set(ablated_coalitions(4).values())
    assert len(needed) == 2 * 4 + 2
    outputs = {coalition: value(*coalition) for coalition in needed}
    # Taken out of all: T1 loses 1 + 2, T2 2 + 4, the others 4. Put in alone: T1 gains 1.
    assert occlusion_parts("drop_one", outputs, 4).flatten().tolist() == [3, 6, 4, 4]
    assert occlusion_parts("keep_one", outputs, 4).flatten().tolist() == [1, 0, 0, 0]
    assert occlusion_parts("halves", outputs, 4).flatten().tolist() == [2, 3, 2, 2]


def test_halves_are_shapley_values_where_no_more_than_two_interact():
    pairs = torch.arange(16.0).view(4, 4).triu(1)

    def value(image: torch.Tensor) -> torch.Tensor:
        x = image[0, :, 0, 0, 0]
        return (x @ pairs @ x + x @ torch.tensor([1.0, -2, 3, 0.5])).view(1, 1, 1)

    image, seen = torch.ones(4, 1, 1, 1), {}
    exact, _ = shapley_values(value, image, torch.zeros_like(image), observe=seen.__setitem__)
    torch.testing.assert_close(occlusion_parts("halves", seen, 4), exact)


def test_table_says_what_is_found_without_each_sequence(outputs, label):
    table = ablation_table(patient_with(label, label > 0), outputs, 0.1)
    rows = table.set_index(["ablation", table["sequence"].fillna("")])
    assert rows.loc[("all", ""), ["dice", "detected", "false_positives"]].tolist() == [1, 2, 0]
    assert rows.loc[("none", ""), ["dice", "detected", "margin"]].tolist() == [0, 0, -0.5]
    assert rows.loc[("drop_one", "T1"), "detected"] == 1
    assert rows.loc[("drop_one", "T1"), "dice"] == pytest.approx(2 * 4 / (4 + 12))
    assert rows.loc[("keep_one", "T1"), "dice"] == pytest.approx(2 * 8 / (8 + 12))
    assert rows.loc[("keep_one", "T2"), "detected"] == 0
    assert rows.loc[("drop_one", "FLAIR"), "margin"] == pytest.approx((8 * 0.5 - 4 * 0.5) / 12)
    assert (table["lesions"] == 2).all() and len(table) == 8


def test_a_patient_without_lesions_has_no_margin(outputs):
    empty = np.zeros(SHAPE, int)
    full = outputs[True, True, True]
    table = ablation_table(patient_with(empty, (full[1] > full[0]).numpy()), outputs, 0.1)
    assert table["margin"].isna().all()
    assert table.set_index("ablation").loc["all", "false_positives"] == 2


def test_all_sequences_are_scored_as_the_prediction_is(outputs, label):
    """A false positive of one voxel, lost to the precision of the passes, stays in both tables."""
    predicted = label > 0
    predicted[0, 6, 7] = True
    table = ablation_table(patient_with(label, predicted), outputs, 0.1)
    _, regions = find_regions(predicted, label, (1.0, 1.0, 1.0), 0.1)
    scores = score_patient("P1", predicted, label, regions, (1.0, 1.0, 1.0)).iloc[0]
    everything = table.set_index("ablation").loc["all"]
    assert scores["false_positives"] == 1
    for column in ("dice", "lesions", "detected", "false_positives"):
        assert everything[column] == scores[column]


def test_a_patient_without_prediction_has_no_false_positive(outputs):
    patient = explained_patient(np.zeros((3, *SHAPE)), {}, sequences=SEQUENCES)
    table = ablation_table(patient, outputs, 0.1).set_index("ablation")
    assert table.loc["all", "false_positives"] == 0
    assert np.isnan(table.loc["all", "dice"])


def test_ignored_voxels_are_neither_found_nor_false(outputs, label):
    patient = patient_with(np.where(label == 2, 0, label), label > 0)
    kept = ablation_table(patient, outputs, 0.1).query("ablation == 'all'").iloc[0]
    assert kept["false_positives"] == 1
    ignoring = ablation_table(replace(patient, ignored=label == 2), outputs, 0.1)
    kept = ignoring.query("ablation == 'all'").iloc[0]
    assert kept[["dice", "lesions", "false_positives"]].tolist() == [1, 1, 0]


def test_dice_of_a_patient_without_lesion_is_not_zero(outputs, label):
    table = ablation_table(patient_with(np.zeros_like(label), label > 0), outputs, 0.1)
    found = table.query("ablation == 'all'").iloc[0]
    assert np.isnan(found["dice"]) and found["false_positives"] > 0
