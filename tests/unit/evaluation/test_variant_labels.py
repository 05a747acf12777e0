from mrelevance.evaluation.variant_labels import label_variants

KEY = "relevance.baseline"


def test_variants_are_called_by_the_value_of_the_key():
    variants = {
        "to_zero": {"relevance": {"baseline": "zero"}},
        "other": {"relevance": {"baseline": "shuffled", "tau": 0.2}, "seed": 3},
        "not_compared": {"relevance": {"baseline": "zero"}},
    }
    labels = label_variants(["study", "to_zero", "other"], variants, KEY, "inpainted")
    assert labels == {"study": "inpainted", "to_zero": "zero", "other": "shuffled"}


def test_variants_of_equal_values_keep_their_names():
    variants = {
        "unchanged": {"seed": 3},
        "strict": {"relevance": {"tau": 0.2}},
        "zero_a": {"relevance": {"baseline": "zero"}},
        "zero_b": {"relevance": {"baseline": "zero"}},
    }
    labels = label_variants(["study", *variants], variants, KEY, "inpainted")
    assert list(labels.values()) == ["inpainted", "unchanged", "strict", "zero", "zero_b"]
