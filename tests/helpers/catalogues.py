"""What follows from a change, by the catalogues of tables and figures."""

from mrelevance.analysis.catalogue import TABLES
from mrelevance.figures.catalogue import FIGURES


def rules_reading(*prefixes: str, target: str = "all") -> set[str]:
    """Rules of a target that read results below one of `prefixes`, directly or through tables.

    A prefix begins with the stage: `relevance/` or `evaluation/{patient}{region}/`. Rules that only
    run where fewer members of a network are explained than are deployed are left out.
    """
    steps = {
        entry.name: entry
        for entry in TABLES.values()
        if entry.target == target and entry.is_made(fewer_members=False)
    }
    changed, found, before = prefixes, set(), None
    while found != before:
        before = set(found)
        for name, entry in steps.items():
            if any(given.path.startswith(changed) for given in entry.inputs.values()):
                found.add(name)
                changed += tuple(table.file for table in entry.tables)
                changed += tuple(f"summary/{array}" for array in entry.arrays)
    figures = [entry for entry in FIGURES.values() if entry.target == target]
    return found | {
        f"plot_{entry.name}"
        for entry in figures
        if any(path.startswith(changed) for path in entry.inputs.values())
    }
