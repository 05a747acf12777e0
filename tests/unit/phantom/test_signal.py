import numpy as np
import pytest
from helpers.phantom_study import FIXED, SEQUENCES, SETTINGS

from mrelevance.phantom.kinetics import (
    relaxation_rate_change,
    simulate_circulation,
    simulate_liver,
)
from mrelevance.phantom.settings import check_settings
from mrelevance.phantom.shapes import Grid
from mrelevance.phantom.signal import FULL_SIGNAL, bias_field, rician_noise, tissue_signal
from mrelevance.phantom.tissues import LESIONS, TISSUES

CHECKED = check_settings(SETTINGS, SEQUENCES, FIXED)
GRID = Grid(*(np.linspace(-80, 80, 20, dtype=np.float32) for _ in range(3)))


@pytest.fixture(scope="module")
def person():
    rng = np.random.default_rng(3)
    return simulate_circulation(rng, 0.1), simulate_liver(rng, False)


@pytest.mark.parametrize("name", ["liver", "aorta", "muscle", "gall bladder"])
def test_t1_signal_is_the_spoiled_gradient_echo_equation(person, name):
    tissue = TISSUES[name]
    for sequence, time in SETTINGS["times_s"].items():
        rate = 1000 / tissue.t1_ms[0] + relaxation_rate_change(tissue, person[0], 1.5, time)
        e, a = np.exp(-0.004 * rate), np.deg2rad(10)
        expected = tissue.proton_density * np.sin(a) * (1 - e) / (1 - np.cos(a) * e)
        signal = tissue_signal(tissue, sequence, person[0], CHECKED)
        assert signal == pytest.approx(FULL_SIGNAL["T1"] * expected, rel=1e-9)


def test_t2_signal_orders_lesions_as_radiologists_know_them(person):
    signals = [
        tissue_signal(tissue, "T2", person[0], CHECKED)
        for tissue in (
            *(LESIONS[kind][-1][1] for kind in ("cyst", "haemangioma", "metastasis")),
            LESIONS["HCC"][0][1],
            person[1],
        )
    ]
    assert signals[1] / signals[2] > 1.3
    assert (np.diff(signals) < 0).all()


def test_lesions_are_dark_late_except_focal_nodular_hyperplasia(person):
    liver = tissue_signal(person[1], "T1-15min", person[0], CHECKED)
    for kind, shells in LESIONS.items():
        signal = tissue_signal(shells[-1][1], "T1-15min", person[0], CHECKED)
        assert (signal < 0.85 * liver) == (kind != "FNH")


def test_field_strength_changes_the_signal(person):
    stronger = check_settings(SETTINGS | {"field_strength_T": 3.0}, SEQUENCES, FIXED)
    for sequence in SEQUENCES:
        at_3, at_15 = (
            tissue_signal(person[1], sequence, person[0], s) for s in (stronger, CHECKED)
        )
        assert at_3 < at_15


def test_bias_field_is_smooth_and_as_strong_as_asked():
    rng = np.random.default_rng(0)
    fields = np.stack([bias_field(GRID.coordinates(), rng, 0.25) for _ in range(50)])
    np.testing.assert_allclose(np.abs(np.log(fields)).max(axis=(1, 2, 3)), 0.25, rtol=1e-4)
    assert np.abs(np.diff(fields, axis=1)).max() < 0.06
    assert (bias_field(GRID.coordinates(), rng, 0) == 1).all()


def test_noise_is_rician():
    rng = np.random.default_rng(0)
    air = rician_noise(np.zeros((60, 60, 60), np.float32), rng, 12)
    assert air.mean() == pytest.approx(12 * np.sqrt(np.pi / 2), rel=0.01)
    tissue = rician_noise(np.full((60, 60, 60), 600, np.float32), rng, 12)
    assert tissue.std() == pytest.approx(12, rel=0.01)
    assert tissue.mean() == pytest.approx(np.hypot(600, 12), rel=0.001)
