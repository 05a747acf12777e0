"""A small study for the tests of the phantom."""

SEQUENCES = ["T1-pre", "T1-20s", "T1-60s", "T1-120s", "T1-15min", "T2"]
FIXED = "T1-15min"
SETTINGS = {
    "size": [48, 48, 24],
    "spacing_mm": [7.0, 7.0, 6.7],
    "field_strength_T": 1.5,
    "times_s": {"T1-pre": None, "T1-20s": 20, "T1-60s": 60, "T1-120s": 120, "T1-15min": 900},
    "t2_weighted": ["T2"],
    "repetition_time_ms": 4.0,
    "flip_angle_deg": 10,
    "echo_time_ms": 80,
    "dose_ml_per_kg": 0.1,
    "signal_to_noise": {"T1": 25, "T2": 15},
    "bias_field": 0.25,
    "texture": 0.03,
    "poor_uptake_share": 0.33,
    "lesions": [2, 8],
    "lesion_diameter_mm": [10, 50],
    "lesion_types": {"HCC": 0.3, "metastasis": 0.3, "haemangioma": 0.1, "cyst": 0.1, "FNH": 0.2},
    "lesion_share": [0.1, 1.0],
    "tissue_classes": False,
    "motion_mm": [5, 15],
    "landmarks": 30,
    "known_answer": None,
    "known_answer_sequence": "T1-15min",
}
