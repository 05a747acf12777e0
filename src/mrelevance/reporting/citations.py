"""The works that the generated texts cite; `citations.toml` lists them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Citation:
    """How the text names a work, and the work's entry in the list of references."""

    short: str
    entry: str


def _read(path: Path) -> dict[str, Citation]:
    works = tomllib.loads(path.read_text(encoding="utf-8"))
    return {key: Citation(**work) for key, work in works.items()}


CITATIONS = _read(Path(__file__).with_suffix(".toml"))
"""All works by their keys, the first author and the year."""


class Bibliography:
    """The works that one text has cited so far."""

    def __init__(self):
        self._cited: dict[str, Citation] = {}

    def cite(self, *keys: str) -> str:
        """Citation of one or more works, in brackets, in the order of their years.

        Raises
        ------
        KeyError
            `citations.toml` has no such work.
        """
        chosen = {key: CITATIONS[key] for key in keys}
        self._cited |= chosen
        names = sorted((citation.short for citation in chosen.values()), key=lambda s: s[-4:])
        return f"({'; '.join(names)})"

    def entries(self) -> list[str]:
        """Entries of the list of references, in the order of the keys."""
        return [self._cited[key].entry for key in sorted(self._cited)]
