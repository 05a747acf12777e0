"""What variants are called in tables that compare them."""

from collections.abc import Iterable


def label_variants(
    names: Iterable[str], variants: dict[str, dict], key: str, value: str
) -> dict[str, str]:
    """Label of the study and of each variant: what it sets a key of the configuration to.

    Parameters
    ----------
    names
        The study first, then the variants that are compared with it.
    variants
        Changes of each variant to the configuration.
    key
        With dots between the levels, such as `relevance.baseline`.
    value
        The study's.

    Returns
    -------
    Label by name. A variant whose value another one before it has, too, keeps its own name.
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
