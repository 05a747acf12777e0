"""The report page: its parts from the results of a study, and its files."""

import json
from pathlib import Path

import jinja2

from mrelevance.reporting.page.contents import FIRST, download, figures_of, sections, tables_of
from mrelevance.reporting.page.glossary import explained
from mrelevance.reporting.page.niivue import niivue_script
from mrelevance.reporting.page.numbers import decimal
from mrelevance.reporting.page.patients import (
    PatientFiles,
    overlay_names,
    patient_values,
    patient_volumes,
)
from mrelevance.reporting.page.shares import share_table
from mrelevance.reporting.page.study import Study
from mrelevance.reporting.page.summary import answers_of, cautions_of
from mrelevance.runtime.files import written_whole
from mrelevance.runtime.method_names import identifier
from mrelevance.runtime.wording import counted

PARTS = Path(__file__).parent
LARGEST_MB = 60
"""Of a page that holds the volumes of its patients."""


def write_page(
    study: Study, captions: Path, page: Path, folder: Path, largest_mb: float = LARGEST_MB
) -> None:
    """Write the page of a study, and the folder of its patients' volumes.

    `captions` is the folder with the captions of figures and tables. As long as the page stays
    below `largest_mb`, it holds everything and the folder is empty. Beyond, the folder, which lies
    beside the page, has a file for each patient, which the page reads when that patient is chosen.

    Raises
    ------
    InputError
        A table lacks a column.
    """
    content = page_content(study, captions)
    with written_whole(folder) as beside:
        beside.mkdir()
        files = {patient: beside / f"{patient}.js" for patient in study.patients}
        for patient, file in files.items():
            files_of_patient = PatientFiles(study.results, patient, study.regions)
            volumes = json.dumps(
                patient_volumes(files_of_patient, study.composites), separators=(",", ":")
            )
            file.write_text(f"receivePatient({_in_script(patient)}, {volumes});\n")
        size = len(filled(content, {})) + sum(file.stat().st_size for file in files.values())
        inside = {}
        if size <= largest_mb * 1e6:
            inside = {patient: file.read_text() for patient, file in files.items()}
            for file in files.values():
                file.unlink()
    with written_whole(page) as beside:
        beside.write_text(filled(content, inside), "utf-8")


def page_content(study: Study, captions: Path) -> dict:
    """What the template of the page needs, but for the volumes of the patients."""
    default = identifier(study.config["figures"]["composite"])
    return {
        "study": study,
        "regions": [
            region_content(study, captions, folder, name) for folder, name in study.regions.items()
        ],
        "tables": tables_of(study, captions),
        "texts": [
            download(study.results / f"report/{name}.md") for name in ("methods", "claim_checklist")
        ],
        "overlays": overlay_names(study.composites),
        "default_overlay": default if default in study.composites else study.composites[0],
        "scripts": [(PARTS / name).read_text("utf-8") for name in ("viewer.js", "page.js")],
        "style": (PARTS / "style.css").read_text("utf-8"),
        "niivue": niivue_script(),
    }


def region_content(study: Study, captions: Path, folder: str, name: str) -> dict:
    """What the page says of an explained region; `folder` is what its paths have."""
    figures = figures_of(study, captions, folder)
    return {
        "name": name,
        "id": folder.strip("/") or "study",
        "answers": answers_of(study, folder, name),
        "cautions": cautions_of(study, folder, name),
        "first": next(figure for figure in figures if figure["name"] == FIRST),
        "sections": sections(figures),
        "shares": share_table(
            study.sequences,
            study.shares(name),
            study.table("ablation", name),
            study.selection(name),
            study.composites,
            study.intervals,
        ),
        "patients": {
            patient: patient_values(
                PatientFiles(study.results, patient, study.regions), folder, study.sequences
            )
            for patient in study.patients
        },
    }


def filled(content: dict, volumes: dict[str, str]) -> str:
    """HTML of the page; `volumes` has the scripts of patients that it holds itself."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(PARTS),
    )
    environment.filters |= {
        "counted": counted,
        "decimal": decimal,
        "explained": explained,
        "in_script": _in_script,
    }
    return environment.get_template("page.html").render(content, volumes=volumes)


def _in_script(value: object) -> str:
    """A value as JSON that may stand in a script of HTML."""
    return json.dumps(value).replace("<", "\\u003c")
