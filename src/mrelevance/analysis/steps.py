"""Runs a step of the catalogue: reads its inputs, calls its function, writes its tables."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrelevance.analysis.entry import Entry, Input
from mrelevance.runtime.columns import stack
from mrelevance.runtime.files import read_table, write_table, written_whole

PATIENT = "{patient}"


def read_inputs(
    entry: Entry, paths: Mapping[str, list[str]], variant_of: Callable[[str], str]
) -> dict[str, Any]:
    """What the function of an entry takes for each of its inputs, see `Entry`.

    `paths` are the files of each input; those of variants come in one list, the study's first.
    `variant_of` names the variant that a path belongs to.

    Raises
    ------
    InputError
        See `stack`.
    """
    return {
        name: _read(given, paths.get(name, []), f"{name} table", variant_of)
        for name, given in entry.inputs.items()
    }


def compute_tables(
    entry: Entry, inputs: dict[str, Any], settings: dict[str, Any]
) -> dict[str, pd.DataFrame | dict[str, np.ndarray]]:
    """Tables of an entry by name, and its arrays by file name.

    Raises
    ------
    ValueError
        The function returns something else than what the entry declares.
    """
    module, function = entry.function.split(":")
    results = getattr(import_module(module), function)(**inputs, **settings)
    declared = {*(table.name for table in entry.tables), *entry.arrays}
    if set(results) != declared:
        raise ValueError(
            f"{entry.function} returns {', '.join(results)}; declared are {', '.join(declared)}"
        )
    return results


def write_results(
    results: dict[str, pd.DataFrame | dict[str, np.ndarray]], folder: str | Path
) -> list[Path]:
    """Write tables and arrays to a folder; the paths of the tables."""
    tables = []
    for name, result in results.items():
        if isinstance(result, pd.DataFrame):
            tables.append(Path(folder, f"{name}.tsv"))
            write_table(result, tables[-1])
        else:
            with written_whole(Path(folder, name)) as beside:
                np.savez_compressed(beside, **result)
    return tables


def _read(
    given: Input, paths: list[str], what: str, variant_of: Callable[[str], str]
) -> pd.DataFrame | dict[str, pd.DataFrame] | dict[str, Path] | Path | None:
    if given.needs_truth and not paths:
        return None
    is_table = given.path.endswith(".tsv")
    if given.patients is None:
        return read_table(paths[0]) if is_table else Path(paths[0])
    if not is_table:
        return {_patient_in(path, given.path): Path(path) for path in paths}
    if not given.variants:
        return stack([read_table(path) for path in paths], given.keys, what)
    by_variant = {}
    for path in paths:
        by_variant.setdefault(variant_of(path), []).append(read_table(path))
    return {
        variant: stack(tables, given.keys, f"{what} of {variant}")
        for variant, tables in by_variant.items()
    }


def _patient_in(path: str, pattern: str) -> str:
    """Patient of a path that ends as the pattern does."""
    parts = Path(pattern).parts
    return Path(path).parts[parts.index(PATIENT) - len(parts)]
