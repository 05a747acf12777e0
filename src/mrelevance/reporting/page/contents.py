"""Figures and tables of the page with their captions and files, section by section."""

import base64
import gzip
from pathlib import Path

from mrelevance.figures.catalogue import FIGURES
from mrelevance.reporting.page.captions import Caption, read_caption
from mrelevance.reporting.page.glossary import explained
from mrelevance.reporting.page.study import Study
from mrelevance.runtime.network_source import is_trained_elsewhere

TYPES = {
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "tsv": "text/tab-separated-values",
    "md": "text/markdown",
}
FIRST = "parallel_coordinates"
# Of interest to those who check the method; the page has them in a part of their own.
TECHNICAL = ("strategies", "randomisation", "perturbation", "map_gallery", "learning_curve")
TECHNICAL_PART = "Technical checks"


def figures_of(study: Study, captions: Path, region: str) -> list[dict]:
    """Figures of a region, in the order of the catalogue; `region` is what its paths have.

    Figures that all regions have in common come with the first of them.
    """
    first = region == next(iter(study.regions))
    elsewhere = is_trained_elsewhere(study.config)
    found = []
    for entry in FIGURES.values():
        if entry.target not in study.targets or not (entry.by_region or first):
            continue
        if entry.of_training and elsewhere:
            continue
        identity = identity_of(entry.name, region if entry.by_region else "")
        stem = study.results / f"figures{region if entry.by_region else ''}/{entry.name}"
        caption = read_caption((captions / f"{entry.name}.rst").read_text(), study.config)
        found.append(
            {
                "id": identity,
                "name": entry.name,
                "title": entry.title,
                "section": section_of(entry.name, entry.category),
                "picture": base64.b64encode(stem.with_suffix(".png").read_bytes()).decode(),
                "downloads": [
                    download(stem.with_suffix(f".{kind}"), identity) for kind in ("svg", "pdf")
                ],
                **_in_html(caption),
            }
        )
    return found


def tables_of(study: Study, captions: Path) -> list[dict]:
    """Tables with a title; each holds all regions."""
    return [
        {
            "name": table.name,
            "title": table.title.removesuffix(", table"),
            "section": table.category.split(" ", 1)[1],
            "downloads": [download(study.results / table.file)],
            **_in_html(read_caption((captions / table.caption).read_text(), study.config)),
        }
        for step in study.steps
        for table in step.tables
        if table.title
    ]


def identity_of(figure: str, region: str) -> str:
    """Name of a figure's place on the page; `region` is what paths of its region have."""
    return f"{figure}{region}".replace("/", "-")


def section_of(name: str, category: str) -> str:
    """Part of the page that a figure belongs to."""
    return TECHNICAL_PART if name in TECHNICAL else category.split(" ", 1)[1]


def sections(figures: list[dict]) -> dict[str, list[dict]]:
    """Figures by section, without the first figure; the technical part is the last."""
    found: dict[str, list[dict]] = {}
    for figure in figures:
        if figure["name"] != FIRST:
            found.setdefault(figure["section"], []).append(figure)
    technical = found.pop(TECHNICAL_PART, None)
    return found | ({TECHNICAL_PART: technical} if technical else {})


def download(path: Path, stem: str | None = None) -> dict[str, str]:
    """A file inside of the page: what to call it, its kind and type, its content compressed."""
    kind = path.suffix.removeprefix(".")
    packed = gzip.compress(path.read_bytes(), mtime=0)
    return {
        "file": f"{stem or path.stem}.{kind}",
        "kind": kind.upper(),
        "type": TYPES[kind],
        "packed": base64.b64encode(packed).decode(),
    }


def _in_html(caption: Caption) -> dict[str, str]:
    return {
        "says": explained(caption.says),
        "guide": explained(caption.guide),
        "alternative": caption.alternative,
    }
