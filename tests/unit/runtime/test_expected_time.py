"""Estimates of the time of a study."""

import pytest
import yaml

from mrelevance.runtime.expected_time import (
    OTHER_SECONDS,
    SECONDS,
    TRAINING_SECONDS,
    expected_seconds,
    in_words,
    measured_seconds,
    scales,
)


def test_jobs_add_up_and_cores_share_them():
    jobs = {"correct_motion": 10, "plot_agreement": 2, "train_network": 1}
    work = 10 * SECONDS["correct_motion"] + 2 * OTHER_SECONDS + TRAINING_SECONDS
    assert expected_seconds(jobs, 2, {}) == pytest.approx(work / 2)
    assert expected_seconds(jobs, 8, {}) == pytest.approx(work / 8)


def test_larger_images_and_longer_training_take_longer():
    jobs = {"correct_motion": 10, "plot_agreement": 2, "train_network": 1}
    work = 30 * SECONDS["correct_motion"] + 2 * OTHER_SECONDS + 2 * TRAINING_SECONDS
    assert expected_seconds(jobs, 1, {}, image_scale=3, training_scale=2) == pytest.approx(work)


def test_what_was_measured_here_counts_before_the_default_study():
    measured = {"correct_motion": 100.0, "train_network": 60.0}
    jobs = {"correct_motion": 4, "train_network": 1}
    # Training took 60 s on all four cores.
    assert expected_seconds(jobs, 4, measured, image_scale=9) == pytest.approx(100 + 60)


def test_measured_times_are_means_over_jobs(tmp_path):
    (tmp_path / "correct_motion").mkdir()
    for name, seconds in {
        "correct_motion/A": 4,
        "correct_motion/B": 8,
        "train_network": 30,
    }.items():
        (tmp_path / f"{name}.tsv").write_text(f"s\th:m:s\n{seconds}\t0:00:00\n")
    assert measured_seconds(tmp_path) == {"correct_motion": 6, "train_network": 30}
    assert measured_seconds(tmp_path / "none") == {}


def test_scales_are_those_of_the_work():
    default = yaml.safe_load(
        "{cohort: {source: phantom}, phantom: {size: [8, 8, 4]}, sequences: [a, b], "
        "training: {steps: 10, batch: 2, patch: [4, 4, 4]}}"
    )
    assert scales(default, default) == (1, 1)
    smaller = default | {
        "phantom": {"size": [4, 8, 4]},
        "training": {"steps": 20, "batch": 2, "patch": [4, 4, 2]},
    }
    assert scales(smaller, default) == (0.5, 1)
    own = smaller | {"cohort": {"source": "images"}}
    assert scales(own, default) == (1, 1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20, "less than a minute"),
        (62, "about 1 minute"),
        (400, "about 7 minutes"),
        (1560, "about 25 minutes"),
        (20000, "about 6 hours"),
    ],
)
def test_a_time_is_no_more_precise_than_an_estimate(seconds, words):
    assert in_words(seconds) == words
