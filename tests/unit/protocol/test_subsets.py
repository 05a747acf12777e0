import pandas as pd
import pytest

from mrelevance.protocol.subsets import choose_subsets, dropping_order
from mrelevance.runtime.errors import InputError

SEQUENCES = ["T1+C", "T2", "FLAIR", "PD"]


def shapley_of(shares, patients=3):
    """Shares of each sequence, a little different from patient to patient."""
    return pd.DataFrame([
        {"patient": f"V{k}", "method": "shapley", "region": "tumour", "sequence": sequence,
         "relevance_pooled": share + 0.01 * k * (1 if sequence == "T2" else -1)}
        for k in range(patients)
        for sequence, share in zip(SEQUENCES, shares, strict=True)
    ])  # fmt: skip


def test_search_drops_the_least_share_first():
    assert dropping_order(shapley_of([0.1, -0.2, 0.6, 0.5])) == ["T2", "T1+C", "PD", "FLAIR"]


def test_default_is_each_left_out_and_the_best_of_every_size():
    subsets = choose_subsets("default", SEQUENCES, shapley_of([0.1, -0.2, 0.6, 0.5]))
    chosen = subsets.set_index("subset")["chosen_by"].to_dict()
    assert chosen == {
        "T1+C,FLAIR,PD": "search",
        "T2,FLAIR,PD": "one left out",
        "T1+C,T2,PD": "one left out",
        "T1+C,T2,FLAIR": "one left out",
        "FLAIR,PD": "search",
        "FLAIR": "search",
    }
    assert list(subsets["size"]) == [3, 3, 3, 3, 2, 1]
    assert subsets.set_index("subset").loc["FLAIR,PD", "left_out"] == "T1+C, T2"


def test_all_is_every_subset_but_the_full_one_and_none():
    subsets = choose_subsets("all", SEQUENCES)
    assert len(subsets) == subsets["subset"].nunique() == 2**4 - 2
    assert set(subsets["chosen_by"]) == {"configuration"}


def test_listed_subsets_are_named_in_the_networks_order():
    subsets = choose_subsets([["PD", "T2"], ["FLAIR", "T2", "PD"]], SEQUENCES)
    assert list(subsets["subset"]) == ["T2,FLAIR,PD", "T2,PD"]


def test_nothing_to_choose_by_is_an_error():
    with pytest.raises(InputError, match="there are none; mark some"):
        choose_subsets("default", SEQUENCES, None)
    shapley = shapley_of([0.1, 0.2, 0.3, 0.4]).assign(region="FN")
    with pytest.raises(InputError, match="finds no tumour in any of them; list the subsets"):
        choose_subsets("default", SEQUENCES, shapley)
