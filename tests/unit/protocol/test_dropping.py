import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from mrelevance.figures.dropping import draw
from mrelevance.protocol.dropping import droppability, droppability_verdict
from mrelevance.protocol.selection import DICE, SENSITIVITY
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1", "T2", "FLAIR", "PD"]
PATIENTS = [f"P{k}" for k in range(6)]
SHARES = {"shapley": [0.1, 0.6, 0.25, 0.05], "epsilon": [0.25, 0.2, 0.15, 0.4]}
REPLACED = [0.05, 0.4, 0.2, 0.01]
LOST = [0.02, 0.03, 0.1, 0.0]
SETTINGS = {"resamples": 200, "confidence": 0.95, "seed": 1}


def tables(sequences=SEQUENCES, noise=0.0):
    generator = np.random.default_rng(4)

    def varied(value):
        return value + noise * generator.normal()

    relevance = [
        {"patient": patient, "method": composite, "region": "tumour", "sequence": sequence,
         "relevance_pooled": varied(share)}
        for patient in PATIENTS
        for composite, shares in SHARES.items()
        for sequence, share in zip(SEQUENCES, shares, strict=True)
    ]  # fmt: skip
    ablation, scores = [], []
    for patient in PATIENTS:
        whole = {"patient": patient, "lesions": 4, "detected": 4}
        ablation.append(whole | {"ablation": "all", "sequence": None, "dice": 0.8})
        for k, sequence in enumerate(SEQUENCES):
            ablation.append(
                whole | {"ablation": "drop_one", "sequence": sequence,
                         "dice": varied(0.8 - REPLACED[k]), "detected": 4 - k}
            )  # fmt: skip
            if sequence in sequences:
                subset = ",".join(name for name in SEQUENCES if name != sequence)
                scores.append(
                    {
                        **{"patient": patient, "subset": subset, "gained": 0, "lost": 3 - k},
                        **{"dice_full": 0.8, "dice": varied(0.8 - LOST[k])},
                    }
                )
        scores.append({"patient": patient, "subset": "T2", "dice_full": 0.8, "dice": 0.1,
                       "gained": 0, "lost": 4})  # fmt: skip
    return pd.DataFrame(relevance), pd.DataFrame(ablation), pd.DataFrame(scores)


def test_values_are_shares_and_losses():
    values, _ = droppability(*tables(), SEQUENCES, **SETTINGS)
    found = values.set_index(["quantity", "measure", "sequence"])["value"]
    for k, sequence in enumerate(SEQUENCES):
        assert found["shapley", "share", sequence] == pytest.approx(SHARES["shapley"][k])
        assert found["drop_one", DICE, sequence] == pytest.approx(REPLACED[k])
        assert found["left_out", DICE, sequence] == pytest.approx(LOST[k])
        assert found["drop_one", SENSITIVITY, sequence] == pytest.approx(k / 4)
        assert found["left_out", SENSITIVITY, sequence] == pytest.approx((3 - k) / 4)
    assert (values["n"] == len(PATIENTS)).all()


def test_agreement_is_kendalls_tau_over_the_sequences():
    _, agreement = droppability(*tables(), SEQUENCES, **SETTINGS)
    found = agreement.set_index(["predictor", "measure"])
    for predictor, predicted in {**SHARES, "drop_one": REPLACED}.items():
        expected = kendalltau(predicted, LOST).statistic
        row = found.loc[predictor, DICE]
        assert row[["kendall_tau", "tau_low", "tau_high"]].to_numpy(float) == pytest.approx(
            expected
        )
    assert found.loc[("drop_one", SENSITIVITY), "kendall_tau"] == pytest.approx(-1)
    assert (agreement["sequences"] == 4).all()


def test_intervals_hold_the_differences_between_patients():
    _, agreement = droppability(*tables(noise=0.05), SEQUENCES, **SETTINGS)
    assert (agreement["tau_low"] <= agreement["kendall_tau"]).all()
    assert (agreement["tau_low"] < agreement["tau_high"]).any()


def test_only_sequences_that_were_left_out_are_compared():
    values, agreement = droppability(*tables(["T1", "FLAIR", "PD"]), SEQUENCES, **SETTINGS)
    assert set(values["sequence"]) == {"T1", "FLAIR", "PD"}
    expected = kendalltau([0.1, 0.25, 0.05], [0.02, 0.1, 0.0]).statistic
    shapley = agreement.set_index(["predictor", "measure"]).loc["shapley", DICE]
    assert shapley["kendall_tau"] == pytest.approx(expected) and shapley["sequences"] == 3


@pytest.mark.parametrize("sequences", [[], ["T1", "FLAIR"]])
def test_ranks_of_few_sequences_are_not_judged(sequences):
    values, agreement = droppability(*tables(sequences), SEQUENCES, **SETTINGS)
    assert agreement.empty and set(values["sequence"]) == set(sequences)
    assert droppability_verdict(values, agreement).startswith("Not judged")
    (text,) = draw(values, agreement, SEQUENCES).texts
    assert text.get_text().startswith("Not judged")


def test_verdict_says_that_share_and_droppability_are_two_things():
    text = droppability_verdict(*droppability(*tables(), SEQUENCES, **SETTINGS))
    assert "predicted only partly" in text  # tau .67 without any spread
    assert "T2 has the largest share, 0.60" in text
    assert "replaced in the trained network it costs 0.400 [0.400, 0.400] of Dice" in text
    assert "left out of training 0.030 [0.030, 0.030]" in text


def test_patients_common_to_no_table_are_an_error():
    relevance, ablation, scores = tables()
    with pytest.raises(InputError, match="no test patient has relevance and a Dice"):
        others = relevance.assign(patient="X" + relevance["patient"])
        droppability(others, ablation, scores, SEQUENCES, **SETTINGS)


def test_figure_shows_every_sequence_and_predictor():
    values, agreement = droppability(*tables(noise=0.02), SEQUENCES, **SETTINGS)
    shares, replaced, ranks = draw(values, agreement, SEQUENCES).axes
    found = values.set_index(["quantity", "measure", "sequence"])["value"]
    for axes, key in ((shares, ("shapley", "share")), (replaced, ("drop_one", DICE))):
        for dot in axes.collections:
            if dot.get_gid():
                sequence = dot.get_gid()
                expected = found[(*key, sequence)], found["left_out", DICE, sequence]
                assert tuple(dot.get_offsets()[0]) == pytest.approx(expected)
    shown = {dot.get_gid() for dot in ranks.collections if dot.get_gid()}
    assert len(shown) == len(agreement) == 6
