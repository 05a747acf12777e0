import numpy as np
import pandas as pd
from helpers.figure_words import texts

from mrelevance.analysis.individuals import pattern_differences, pattern_distances
from mrelevance.figures.individuals import draw


def relevance_of(patients, sequences):
    shares = np.random.default_rng(0).dirichlet(np.full(len(sequences), 20.0), size=patients)
    if patients:
        shares[0] = np.roll(np.eye(len(sequences))[0] * 0.9 + 0.1 / len(sequences), 1)
    return pd.DataFrame(
        [
            [f"P{p:02d}", "epsilon", "tumour", sequence, share]
            for p, own in enumerate(shares)
            for sequence, share in zip(sequences, own, strict=True)
        ],
        columns=["patient", "method", "region", "sequence", "relevance_pooled"],
    )


def test_individuals_are_sorted_and_named():
    sequences = ["a", "b", "c", "d"]
    relevance = relevance_of(20, sequences)
    features = pd.DataFrame(
        [[f"P{p:02d}", "Dice", 0.1 if p == 0 else 0.8 + p / 100] for p in range(20)],
        columns=["patient", "quantity", "value"],
    )
    distances = pattern_distances(relevance, ["epsilon"])
    differences = pattern_differences(relevance, features, ["epsilon"])
    figure = draw(distances, differences, sequences, "epsilon")
    ticks = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert ticks[0] == "P00" and len(ticks) == 20
    assert "1 of 20 outlying" in texts(figure) and "patient P00, p < 0.001" in texts(figure)
    few = relevance[relevance["patient"] < "P03"]
    figure = draw(pattern_distances(few, ["epsilon"]), differences, sequences, "epsilon")
    assert "3 patients with predicted tumour: too few" in texts(figure)
