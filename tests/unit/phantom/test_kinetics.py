"""The contrast agent's way through the body, against measurements in people.

Medians of 25 healthy volunteers (gadoxetate, 0.025 mmol/kg) of the TRISTAN study, whose curves
are published with dcmri (Min et al., ISMRM 2024; CC BY 4.0): signal over its baseline at 0, 20,
60, 120 and 900 s after the aortic peak, and the standard deviation between volunteers.
"""

import numpy as np
import pytest
from helpers.phantom_study import FIXED, SEQUENCES, SETTINGS

from mrelevance.phantom.kinetics import (
    relaxation_rate_change,
    simulate_circulation,
    simulate_liver,
)
from mrelevance.phantom.settings import check_settings
from mrelevance.phantom.signal import tissue_signal
from mrelevance.phantom.tissues import LESIONS, TISSUES

AFTER_PEAK_S = (0, 20, 60, 120, 900)
VOLUNTEERS = {
    "liver": ((1.02, 1.15, 1.25, 1.30, 1.60), (0.02, 0.15, 0.20, 0.20, 0.30)),
    "aorta": ((4.3, 1.9, 1.6, 1.45, 1.17), (1.50, 0.56, 0.36, 0.27, 0.11)),
    "portal vein": ((1.22, 1.94, 1.64, 1.42, 1.33), (0.34, 0.55, 0.61, 0.48, 0.30)),
}


@pytest.fixture(scope="module")
def cohort():
    """Circulation and liver of 30 people, a third with poor uptake."""
    people = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        people.append((simulate_circulation(rng, 0.1), simulate_liver(rng, seed % 3 == 0)))
    return people


def enhancement(tissue, circulation):
    times = {str(s): circulation.arterial_peak_s + s for s in AFTER_PEAK_S} | {"before": None}
    settings = SETTINGS | {"times_s": SETTINGS["times_s"] | times}
    checked = check_settings(settings, SEQUENCES, FIXED)
    signals = [tissue_signal(tissue, name, circulation, checked) for name in times]
    return np.array(signals[:-1]) / signals[-1]


@pytest.mark.parametrize("organ", list(VOLUNTEERS))
def test_enhancement_lies_inside_the_volunteers_spread(cohort, organ):
    curves = [
        enhancement(liver if organ == "liver" else TISSUES[organ], circulation)
        for circulation, liver in cohort
    ]
    median, spread = VOLUNTEERS[organ]
    assert (np.abs(np.median(curves, axis=0) - median) < spread).all()


def test_poor_uptake_shows_late_and_not_early(cohort):
    good = np.median([enhancement(x, c) for c, x in cohort[1::3] + cohort[2::3]], axis=0)
    poor = np.median([enhancement(x, c) for c, x in cohort[::3]], axis=0)
    assert good[-1] > 1.5
    assert poor[-1] < 1.4
    assert abs(good[1] - poor[1]) < 0.15


def t1_after_15_minutes(tissue, circulation):
    rate = 1000 / tissue.t1_ms[0] + relaxation_rate_change(tissue, circulation, 1.5, 900)
    return 1000 / rate


@pytest.mark.parametrize(
    ("kind", "literature_ms"),
    [("HCC", 724), ("metastasis", 1033), ("haemangioma", 1071), ("cyst", 3671)],
)
def test_t1_of_lesions_after_15_minutes(cohort, kind, literature_ms):
    tissue = LESIONS[kind][-1][1]
    median = np.median([t1_after_15_minutes(tissue, circulation) for circulation, _ in cohort])
    assert abs(median / literature_ms - 1) < 0.2


def test_nothing_changes_before_contrast_or_without_supply(cohort):
    circulation, liver = cohort[0]
    assert relaxation_rate_change(liver, circulation, 1.5, None) == 0
    assert relaxation_rate_change(TISSUES["gall bladder"], circulation, 1.5, 60) == 0


def test_liver_signal_rises_throughout_in_good_uptake(cohort):
    for circulation, liver in cohort[1::3]:
        assert (np.diff([1, *enhancement(liver, circulation)]) > 0).all()


def test_haemangioma_fills_from_the_surface_inwards(cohort):
    circulation, _ = cohort[0]
    shells = [tissue for _, tissue in LESIONS["haemangioma"]]

    def at(time):
        return [relaxation_rate_change(t, circulation, 1.5, time) for t in shells]

    assert (np.diff(at(60)) < 0).all()
    assert at(60)[-1] / at(60)[0] < 0.3
    assert at(900)[-1] / at(900)[0] > 0.7


def test_carcinoma_enhances_early_and_washes_out(cohort):
    for circulation, liver in cohort[1::3]:
        tissue = LESIONS["HCC"][0][1]
        lesion, around = enhancement(tissue, circulation), enhancement(liver, circulation)
        assert lesion[1] / lesion[0] > 1
        assert lesion[3] < lesion[1]
        assert lesion[4] < around[4]
