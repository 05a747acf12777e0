from mrelevance.runtime.seeds import patient_seed


def test_seeds_never_change():
    # All random numbers of a study follow from these.
    assert patient_seed(1, "A1") == 4191433237741800377


def test_patients_and_studies_have_different_seeds():
    seeds = [patient_seed(seed, name) for seed in (1, 2, 11) for name in ("A1", "A2", "1/A1")]
    assert len(set(seeds)) == len(seeds)
