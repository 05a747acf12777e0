import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from mrelevance.analysis.networks import (
    compare_networks,
    differs_in_seed_only,
    network_agreement,
    network_values,
    networks_verdict,
)
from mrelevance.figures.networks import draw
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2", "FLAIR", "PD"]
PATIENTS = [f"P{k}" for k in range(8)]
METHODS = ["shapley", "deeplift"]
SETTINGS = {"resamples": 200, "confidence": 0.95, "seed": 1}
STUDY = [0.1, 0.6, 0.25, 0.05]
OTHER = [0.4, 0.1, 0.2, 0.3]


def relevance_of(shares, seed):
    generator = np.random.default_rng(seed)
    return pd.DataFrame([
        {"patient": patient, "method": method, "region": "tumour", "sequence": sequence,
         "relevance_pooled": share + 0.02 * generator.normal()}
        for patient in PATIENTS
        for method in METHODS
        for sequence, share in zip(SEQUENCES, shares, strict=True)
    ])  # fmt: skip


@pytest.fixture(scope="module")
def relevance():
    return {
        "study": relevance_of(STUDY, 1),
        "seed2": relevance_of(STUDY, 2),
        "unet": relevance_of(OTHER, 3),
    }


def scores_of(losses):
    """Paired scores; each network loses a Dice of its own, and a lesion in half the patients."""
    return pd.DataFrame([
        {"patient": patient, "subset": name,
         "dice": 0.8 + k / 100 - loss, "dice_full": 0.8 + k / 100,
         "lesions": 2, "detected": 2 - (k % 2 if loss else 0), "detected_full": 2, "gained": 0,
         "lost": k % 2 if loss else 0, "false_positives": 0}
        for name, loss in losses.items()
        for k, patient in enumerate(PATIENTS)
    ])  # fmt: skip


@pytest.fixture(scope="module")
def values(relevance):
    scores = scores_of({"study": 0, "seed2": 0.01, "unet": 0.1})
    return network_values(scores, relevance, METHODS, **SETTINGS)


@pytest.fixture(scope="module")
def agreement(relevance):
    return network_agreement(relevance, ["seed2"], METHODS, **SETTINGS)


def test_values_and_their_differences_to_the_study(values):
    found = values.set_index(["network", "measure"])
    dice = found.loc[("unet", "Dice")]
    assert dice["value"].item() == pytest.approx(0.735)
    for name in ("difference", "difference_low", "difference_high"):
        assert dice[name].item() == pytest.approx(-0.1)
    sensitivity = found.loc[("unet", "lesion sensitivity")]
    assert sensitivity["value"].item() == pytest.approx(12 / 16)
    assert sensitivity["difference"].item() == pytest.approx(-4 / 16)
    shares = found.loc[("unet", "share by shapley")].set_index("sequence")
    np.testing.assert_allclose(shares.loc[SEQUENCES, "value"], OTHER, atol=0.03)
    np.testing.assert_allclose(
        shares.loc[SEQUENCES, "difference"], np.subtract(OTHER, STUDY), atol=0.04
    )
    assert (found.loc["study", "difference"] == 0).all()


def test_agreement_is_the_median_of_the_patients_taus(relevance, agreement):
    first, other = (
        relevance[name].query("method == 'deeplift'").set_index(["patient", "sequence"])
        for name in ("study", "unet")
    )
    taus = [
        kendalltau(first.loc[p, "relevance_pooled"], other.loc[p, "relevance_pooled"]).statistic
        for p in PATIENTS
    ]
    found = agreement.set_index(["network", "method"])
    assert found.loc[("unet", "deeplift"), "kendall_tau"] == pytest.approx(np.median(taus))
    assert found.loc[("unet", "deeplift"), "same_first"] == 0
    assert found.loc[("seed2", "shapley"), "same_first"] == len(PATIENTS)
    assert found.loc[("unet", "shapley"), "beyond_high"] < 0
    assert np.isnan(found.loc[("seed2", "shapley"), "beyond_seed"])
    assert found["differs_in"].to_dict()["seed2", "shapley"] == "seed"


def test_verdicts(values, agreement):
    of_seed, of_unet = networks_verdict(values, agreement, 0.02)["verdict"]
    assert of_seed.startswith("seed2: equal Dice (0.825, difference \N{MINUS SIGN}0.010")
    assert of_seed.endswith("this is how far two seeds agree.")
    assert of_unet.startswith("unet: another Dice")
    assert "less than two seeds agree (difference in tau \N{MINUS SIGN}" in of_unet
    assert of_unet.endswith("so it weighs the sequences differently.")
    assert "not shown to have equal" not in of_unet


def test_without_another_seed_there_is_no_yardstick(relevance, values):
    agreement = network_agreement(relevance, [], METHODS, **SETTINGS)
    assert agreement["beyond_seed"].isna().all()
    assert "no other seed" in networks_verdict(values, agreement, 0.02)["verdict"].iloc[1]


def test_nothing_to_compare_is_an_error(relevance):
    with pytest.raises(InputError, match="no network differs from the study's"):
        network_agreement({"study": relevance["study"]}, [], METHODS, **SETTINGS)
    unet = relevance["unet"]
    elsewhere = {"study": relevance["study"], "unet": unet.assign(patient="X" + unet["patient"])}
    with pytest.raises(InputError, match="networks, unet: no test patient has a predicted tumour"):
        network_agreement(elsewhere, [], METHODS, **SETTINGS)


def test_figure_shows_every_value(values, agreement):
    figure = draw(values, agreement, networks_verdict(values, agreement, 0.02), SEQUENCES)
    shown = [
        dot.get_gid()
        for axes in figure.findobj(match=lambda artist: hasattr(artist, "get_ylabel"))
        for dot in axes.collections
        if dot.get_gid()
    ]
    assert len(shown) == len(values) + len(agreement)
    assert {"unet T2", "seed2 deeplift", "study"} <= set(shown)


def test_only_the_seed_differs_where_relevance_alone_differs_beside_it():
    assert differs_in_seed_only({"seed": 2})
    assert differs_in_seed_only({"seed": 2, "relevance": {"composites": ["deeplift"]}})
    assert not differs_in_seed_only({"seed": 2, "training": {"steps": 10}})
    assert not differs_in_seed_only({"network": {"name": "UNet"}})


def test_step_compares_variants_with_the_study(relevance):
    scores = pd.DataFrame({"patient": PATIENTS, "dice": np.linspace(0.7, 0.9, len(PATIENTS)),
                           "lesions": 1, "detected": 1, "false_positives": 0})  # fmt: skip
    lesions = pd.DataFrame({"patient": PATIENTS, "region": "TP", "lesion": 1})
    made = compare_networks(
        dict.fromkeys(relevance, scores),
        dict.fromkeys(relevance, lesions),
        {name: table.query("method == 'deeplift'") for name, table in relevance.items()},
        {name: table.query("method == 'shapley'") for name, table in relevance.items()},
        {"seed2": {"seed": 2}, "unet": {"network": {"name": "UNet"}}},
        composite="deeplift",
        margin=0.02,
        **SETTINGS,
    )
    assert list(made["networks"]["network"].unique()) == ["study", "seed2", "unet"]
    differs = made["networks_agreement"].set_index("network")["differs_in"]
    assert set(differs["seed2"]) == {"seed"} and set(differs["unet"]) == {"other"}
    assert list(made["networks_verdict"]["network"]) == ["seed2", "unet"]
