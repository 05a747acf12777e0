import pytest
from helpers.phantom_study import FIXED, SEQUENCES, SETTINGS

from mrelevance.phantom.settings import check_settings
from mrelevance.runtime.errors import InputError


def test_good_settings_pass():
    checked = check_settings(SETTINGS, SEQUENCES, FIXED)
    assert checked.size == (48, 48, 24)
    assert checked.times_s["T1-pre"] is None


@pytest.mark.parametrize("key", list(SETTINGS))
def test_every_key_is_required(key):
    incomplete = {k: v for k, v in SETTINGS.items() if k != key}
    with pytest.raises(InputError, match=key):
        check_settings(incomplete, SEQUENCES, FIXED)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("size", [48, 48]),
        ("size", [48, 48, 0]),
        ("spacing_mm", [3.0, 7.0, 6.7]),
        ("field_strength_T", 2.0),
        ("times_s", {"T1-pre": -3}),
        ("times_s", SETTINGS["times_s"] | {"T2": None}),
        ("t2_weighted", []),
        ("repetition_time_ms", 0),
        ("flip_angle_deg", 120),
        ("echo_time_ms", -1),
        ("dose_ml_per_kg", "much"),
        ("dose_ml_per_kg", 0.001),
        ("signal_to_noise", {"T1": 25}),
        ("signal_to_noise", 25),
        ("lesions", 3),
        ("bias_field", 2),
        ("texture", -0.1),
        ("poor_uptake_share", 1.5),
        ("lesions", [0, 8]),
        ("lesions", [5, 2]),
        ("lesions", [1.5, 3]),
        ("lesion_diameter_mm", [6, 500]),
        ("lesion_types", {"HCC": 1}),
        ("lesion_types", dict.fromkeys(SETTINGS["lesion_types"], 0)),
        ("lesion_share", [0.5, 2]),
        ("motion_mm", [5, 100]),
        ("landmarks", 0),
        ("known_answer", "other"),
    ],
)
def test_bad_values_are_named_in_one_line(key, value):
    with pytest.raises(InputError, match="section phantom") as error:
        check_settings(SETTINGS | {key: value}, SEQUENCES, FIXED)
    assert "\n" not in str(error.value)


def test_unknown_key_is_refused():
    with pytest.raises(InputError, match="noise_level"):
        check_settings(SETTINGS | {"noise_level": 3}, SEQUENCES, FIXED)


def test_sequences_must_be_described():
    with pytest.raises(InputError, match="diffusion"):
        check_settings(SETTINGS, [*SEQUENCES, "diffusion"], FIXED)
    with pytest.raises(InputError, match="fixed_sequence T1-15min is not one of"):
        check_settings(SETTINGS, ["T1-pre", "T2"], FIXED)
    with pytest.raises(InputError, match="known_answer_sequence"):
        check_settings(
            SETTINGS | {"known_answer": "decoy", "known_answer_sequence": "T1"},
            SEQUENCES,
            FIXED,
        )
