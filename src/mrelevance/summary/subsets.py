"""Subsets of the sequences: their names, which are configured, which the search chooses."""

from itertools import combinations

import pandas as pd

from mrelevance.errors import InputError
from mrelevance.summary.shares import MEASURED, share_matrix

# No name of a sequence holds a comma, so that the name of a subset can be taken apart again.
SEPARATOR = ","

LEFT_OUT = "one left out"
SEARCHED = "search"
CONFIGURED = "configuration"
COLUMNS = ["subset", "size", "left_out", "chosen_by"]


def subset_name(subset: list[str], sequences: list[str]) -> str:
    """Name of a subset, fit for paths: its sequences, in the order of the network's channels."""
    return SEPARATOR.join(name for name in sequences if name in subset)


def sequences_of(subset: str) -> list[str]:
    """Sequences of a subset, from its name."""
    return subset.split(SEPARATOR)


def left_out(subset: str, sequences: list[str]) -> list[str]:
    """Sequences that a subset lacks."""
    return [name for name in sequences if name not in sequences_of(subset)]


def check_subsets(subsets: str | list[list[str]], sequences: list[str]) -> None:
    """Check the subsets that the configuration lists, if it lists them.

    Raises
    ------
    InputError
        One names a sequence that is not configured, or twice; it holds all sequences, or is
        listed twice, in whatever order.
    """
    if isinstance(subsets, str):
        return
    known = set()
    for subset in subsets:
        listed = f"selection.subsets: [{', '.join(subset)}]"
        for name in subset:
            if name not in sequences:
                raise InputError(
                    f"configuration: {listed} names {name}, which is not among sequences: "
                    f"{', '.join(sequences)}"
                )
        if len(set(subset)) < len(subset):
            raise InputError(f"configuration: {listed} names a sequence twice; name each once")
        if len(subset) == len(sequences):
            raise InputError(
                f"configuration: {listed} is the full protocol, with which the others are "
                "compared anyhow; remove it"
            )
        if frozenset(subset) in known:
            raise InputError(f"configuration: {listed} is listed twice; remove one")
        known.add(frozenset(subset))


def check_minutes(minutes: dict[str, float] | None, sequences: list[str]) -> None:
    """Check that acquisition times, where there are any, are those of the sequences.

    Raises
    ------
    InputError
        A sequence has none, or one is given for what is no sequence.
    """
    if minutes is None:
        return
    missing = [name for name in sequences if name not in minutes]
    unknown = [name for name in minutes if name not in sequences]
    if missing:
        raise InputError(
            f"configuration: selection.acquisition_minutes lacks {', '.join(missing)}; give the "
            "minutes of every sequence, or null for none"
        )
    if unknown:
        raise InputError(
            f"configuration: selection.acquisition_minutes names {', '.join(unknown)}, which is "
            f"not among sequences: {', '.join(sequences)}"
        )


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
