"""Subsets of the sequences to be tested: which are configured, which the search chooses."""

from itertools import combinations

import pandas as pd

from mrelevance.attribution.shares import MEASURED, share_matrix
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.subset_names import left_out, sequences_of, subset_name

LEFT_OUT = "one left out"
SEARCHED = "search"
CONFIGURED = "configuration"
COLUMNS = ["subset", "size", "left_out", "chosen_by"]


def dropping_order(shapley: pd.DataFrame | None) -> list[str]:
    """Sequences in the order in which a greedy backward search drops them.

    `shapley` are the exact Shapley values of the validation patients, in the columns of the
    relevance table; those of the test patients would choose what does well in the test. Shapley
    values add up, so that dropping the sequence with the least of them, again and again, is to go
    through the sequences from the smallest median pooled share of the predicted tumour to the
    largest.

    Raises
    ------
    InputError
        There is no such patient, in none of them was tumour predicted, or see `share_matrix`.
    """
    if shapley is None:
        raise InputError(
            "selection.subsets: default chooses by the Shapley values of the validation patients, "
            "and there are none; mark some in the sample sheet, or list the subsets"
        )
    shares = share_matrix(shapley, MEASURED, "relevance_pooled")
    if shares.empty:
        raise InputError(
            "selection.subsets: default chooses by the Shapley values of the validation patients, "
            "and the network finds no tumour in any of them; list the subsets"
        )
    return list(shares.median().sort_values(kind="stable").index)


def choose_subsets(
    subsets: str | list[list[str]], sequences: list[str], shapley: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The subsets to be tested, largest first.

    Parameters
    ----------
    subsets
        As configured: `all` (every one but the full protocol), a list, or `default`: each sequence
        left out, and for every size what remains when the search has dropped so many.
    shapley
        For `default`: see `dropping_order`.

    Returns
    -------
    One row per subset: subset (its name), size, left_out, chosen_by (`one left out`, `search`,
    `configuration`).
    """
    count = len(sequences)
    if subsets == "default":
        order = dropping_order(shapley)
        chosen = {subset_name(order[k:], sequences): SEARCHED for k in range(1, count)}
        for name in sequences:
            rest = subset_name([other for other in sequences if other != name], sequences)
            chosen.setdefault(rest, LEFT_OUT)
    else:
        if subsets == "all":
            subsets = [list(s) for size in range(1, count) for s in combinations(sequences, size)]
        chosen = {subset_name(subset, sequences): CONFIGURED for subset in subsets}
    rows = [
        (name, len(sequences_of(name)), ", ".join(left_out(name, sequences)), chosen_by)
        for name, chosen_by in chosen.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(
        "size", ascending=False, kind="stable", ignore_index=True
    )
