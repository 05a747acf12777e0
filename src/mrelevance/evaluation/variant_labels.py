"""Labels of variants in the tables that compare them."""

from collections.abc import Iterable


def label_variants(
    names: Iterable[str], variants: dict[str, dict], key: str, value: str
) -> dict[str, str]:
    """Label the study and each variant by their value of a key of the configuration.

    Parameters
    ----------
    names
        The study first, then the variants that are compared with it.
    variants
        Changes of each variant to the configuration.
    key
        Key with dots between the levels, such as `relevance.baseline`.
    value
        The study's value of the key.

    Returns
    -------
    Label by name. If the study or an earlier variant has the same value, the variant's own name is
    its label.
    """
    study, *others = names
    labels = {study: value}
    for name in others:
        label = _changed(variants[name], key, value)
        labels[name] = name if label in labels.values() else label
    return labels


def _changed(changes: dict, key: str, unchanged: str) -> str:
    value = changes
    for part in key.split("."):
        if part not in value:
            return unchanged
        value = value[part]
    return value
