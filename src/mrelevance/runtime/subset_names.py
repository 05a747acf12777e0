"""Names of subsets of the sequences, and checks of the subsets in the configuration."""

from mrelevance.runtime.errors import InputError

# Names of sequences have no comma, so a subset's name can be split into them.
SEPARATOR = ","


def subset_name(subset: list[str], sequences: list[str]) -> str:
    """Name of a subset that is fit for paths: its sequences in the order of the channels."""
    return SEPARATOR.join(name for name in sequences if name in subset)


def sequences_of(subset: str) -> list[str]:
    """Sequences of a subset, by its name."""
    return subset.split(SEPARATOR)


def left_out(subset: str, sequences: list[str]) -> list[str]:
    """Sequences that a subset lacks."""
    return [name for name in sequences if name not in sequences_of(subset)]


def check_subsets(subsets: str | list[list[str]], sequences: list[str]) -> None:
    """Check the subsets that the configuration lists, if it lists them.

    Raises
    ------
    InputError
        A subset names a sequence that is not configured or names one twice, holds all sequences,
        or is listed twice, in whatever order.
    """
    if isinstance(subsets, str):
        return
    known = set()
    for subset in subsets:
        listed = f"protocol.subsets: [{', '.join(subset)}]"
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
                f"configuration: {listed} is the full protocol, with which all others are compared "
                "anyway; remove it"
            )
        if frozenset(subset) in known:
            raise InputError(f"configuration: {listed} is listed twice; remove one")
        known.add(frozenset(subset))


def check_minutes(minutes: dict[str, float] | None, sequences: list[str]) -> None:
    """Check that acquisition times, if there are any, are given for exactly the sequences.

    Raises
    ------
    InputError
        A sequence has no time, or a time is given for an unknown sequence.
    """
    if minutes is None:
        return
    missing = [name for name in sequences if name not in minutes]
    unknown = [name for name in minutes if name not in sequences]
    if missing:
        raise InputError(
            f"configuration: protocol.acquisition_minutes lacks {', '.join(missing)}; give the "
            "minutes of every sequence, or null for none"
        )
    if unknown:
        raise InputError(
            f"configuration: protocol.acquisition_minutes names {', '.join(unknown)}, which is "
            f"not among sequences: {', '.join(sequences)}"
        )
