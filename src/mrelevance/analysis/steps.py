"""Runs a step of the catalogue: reads its inputs, calls its function, writes its tables."""

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrelevance.analysis.entry import Entry, Input
from mrelevance.runtime.columns import REGION_NAME, name_region, of_region, stack
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_table, write_table, written_whole

Regions = Mapping[str, str]
"""Explained region by what its files have in their paths, see `region_folders`."""

Results = dict[str, pd.DataFrame | dict[str, np.ndarray]]


def read_inputs(
    entry: Entry,
    paths: Mapping[str, list[str]],
    variant_of: Callable[[str], str],
    regions: Regions,
) -> dict[str, Any]:
    """What an entry reads for each of its inputs, of all regions.

    `paths` are the files of each input; those of variants come in one list, the study's first.
    `variant_of` names the variant that a path belongs to. Files that are no tables come by patient,
    and by region before that where each region has its own.

    Raises
    ------
    InputError
        See `stack`.
    """
    return {
        name: _read(given, paths.get(name, []), f"{name} table", variant_of, regions)
        for name, given in entry.inputs.items()
    }


def compute_tables(
    entry: Entry,
    inputs: dict[str, Any],
    settings: dict[str, Any],
    regions: Regions,
    parts: Sequence[str] = (),
) -> Results:
    """Tables of an entry by name, and its arrays by file name.

    The function is called once for each region, if the inputs tell regions apart; else once. The
    truth about lesions is not known for `parts`, regions whose lesions are parts of the labelled
    ones.

    Raises
    ------
    InputError
        As the function does; of several regions, the error names the one.
    ValueError
        The function returns something else than what the entry declares.
    """
    if not any(map(_tells_regions_apart, inputs.values())):
        return _call(entry, inputs, settings)
    made: dict[str, list[pd.DataFrame]] = {table.name: [] for table in entry.tables}
    arrays = {}
    for folder, region in regions.items():
        of_region = {
            name: None
            if entry.inputs[name].needs_truth and region in parts
            else _of_region(given, entry.inputs[name], region)
            for name, given in inputs.items()
        }
        try:
            results = _call(entry, of_region, settings)
        except InputError as error:
            if len(regions) == 1:
                raise
            raise InputError(f"region {region}: {error}") from error
        for name, result in results.items():
            if isinstance(result, pd.DataFrame):
                made[name].append(name_region(result, region))
            else:
                arrays[name.format(region=folder)] = result
    return {
        name: tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
        for name, tables in made.items()
    } | arrays


def write_results(results: Results, folder: str | Path) -> list[Path]:
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


def _call(entry: Entry, inputs: dict[str, Any], settings: dict[str, Any]) -> Results:
    module, function = entry.function.split(":")
    results = getattr(import_module(module), function)(**inputs, **settings)
    declared = {*(table.name for table in entry.tables), *entry.arrays}
    if set(results) != declared:
        raise ValueError(
            f"{entry.function} returns {', '.join(results)}; declared are {', '.join(declared)}"
        )
    return results


def _tells_regions_apart(given: Any) -> bool:
    tables = given.values() if isinstance(given, dict) else [given]
    return any(isinstance(one, pd.DataFrame) and REGION_NAME in one.columns for one in tables)


def _of_region(given: Any, declared: Input, region: str) -> Any:
    """What an input holds of one region."""
    if isinstance(given, pd.DataFrame):
        if REGION_NAME not in given.columns:
            return given
        return of_region(given, region)
    if not isinstance(given, dict):
        return given
    if declared.path.endswith(".tsv"):
        return {name: _of_region(table, declared, region) for name, table in given.items()}
    return given[region] if "{region}" in declared.path else given


def _read(
    given: Input,
    paths: list[str],
    what: str,
    variant_of: Callable[[str], str],
    regions: Regions,
) -> Any:
    if given.needs_truth and not paths:
        return None
    is_table = given.path.endswith(".tsv")
    if given.patients is None and len(paths) == 1:
        return read_table(paths[0]) if is_table else Path(paths[0])
    if given.patients is None:
        return pd.concat([read_table(path) for path in paths], ignore_index=True)
    if not is_table:
        return _by_patient(given.path, paths, regions)
    if not given.variants:
        return stack([read_table(path) for path in paths], given.keys, what)
    by_variant = {}
    for path in paths:
        by_variant.setdefault(variant_of(path), []).append(read_table(path))
    return {
        variant: stack(tables, given.keys, f"{what} of {variant}")
        for variant, tables in by_variant.items()
    }


def _by_patient(pattern: str, paths: list[str], regions: Regions) -> dict:
    """Paths by patient; where each region has its own, by region and patient."""
    if "{region}" not in pattern:
        return {_patient_in(path, pattern): Path(path) for path in paths}
    found = {}
    for folder, region in regions.items():
        own = pattern.replace("{region}", folder)
        found[region] = {
            patient: Path(path) for path in paths if (patient := _patient_in(path, own))
        }
    return found


def _patient_in(path: str, pattern: str) -> str | None:
    """Patient of a path that ends as the pattern does; None if it does not."""
    ending = re.escape(pattern).replace(re.escape("{patient}"), "([^/]+)")
    found = re.search(f"(?:^|/){ending}$", str(path))
    return found[1] if found else None
