"""A finished study of small random patients, without any computation, for the report page."""

from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import yaml

from mrelevance.analysis.sequences import compare_sequences
from mrelevance.evaluation.agreement import agreement, agreement_summary
from mrelevance.figures.catalogue import FIGURES
from mrelevance.reporting.page.study import Study
from mrelevance.runtime.files import write_json, write_table

ROOT = Path(__file__).parents[2]
CAPTIONS = ROOT / "workflow/report"
SIZE = (20, 16, 10)
# Voxels are stored from right to left, front to back and bottom to top.
AFFINE = np.array([[-4.0, 0, 0, 60], [0, -3, 0, 20], [0, 0, 5, -30], [0, 0, 0, 1.0]])
COMPOSITES = ["deepshap", "alpha1_beta0"]
LESIONS = {
    1: (slice(3, 7), slice(4, 9), slice(2, 6)),
    2: (slice(12, 15), slice(9, 12), slice(5, 8)),
}
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def finished_study(
    folder: Path, patients: int, sequences: tuple[str, ...] = ("T1", "T2", "FLAIR"), **changes
) -> Study:
    """Results of a study of so many test patients; `changes` are sections of its configuration.

    By measurement the last sequence leads. `deepshap` gives nearly the measured shares,
    `alpha1_beta0` equal ones.
    """
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text()) | changes
    config["sequences"] = list(sequences)
    config["relevance"]["composites"] = COMPOSITES
    names = [f"P{number:02d}" for number in range(1, patients + 1)]
    study = Study(folder / "results", config, names, ("all",))
    generator = np.random.default_rng(0)
    rows = pd.concat(
        [
            _write_patient(study, patient, folder_of_region, generator).assign(region_name=name)
            for folder_of_region, name in study.regions.items()
            for patient in names
        ]
    )
    for name in names:
        image = generator.normal(size=(*SIZE, len(sequences))).astype(np.float32)
        _write(study.results / f"preprocessed/{name}/image.nii", image)
    _write_tables(study, rows)
    _write_rest(study)
    return study


def _write_patient(study, patient, region, generator) -> pd.DataFrame:
    """Volumes and tables of a patient and region; returns the rows of its relevance table."""
    numbers = np.zeros(SIZE, np.uint8)
    for lesion, box in LESIONS.items():
        numbers[box] = lesion
    prediction = study.results / f"prediction/{patient}{region}"
    # The second lesion is missed: its region is that of its label.
    _write(prediction / "label.nii.gz", numbers)
    _write(prediction / "regions.nii.gz", numbers)
    _write(prediction / "segmentation.nii.gz", (numbers == 1).astype(np.uint8))
    for composite in COMPOSITES:
        for name in ("tumour_0", "TP_1", "FN_2"):
            values = generator.normal(size=(*SIZE, len(study.sequences))).astype(np.float32)
            values[numbers == 0] = 0
            folder = study.results / f"relevance/{patient}{region}/volumes/{composite}"
            _write(folder / f"map_{name}.nii.gz", values)
    evaluation = study.results / f"evaluation/{patient}{region}"
    measured = generator.normal(size=(*SIZE, len(study.sequences))).astype(np.float32)
    _write(evaluation / "shapley.nii.gz", measured)
    lesions = pd.DataFrame(
        {
            "patient": patient,
            "region": ["TP", "FN"],
            "region_id": [1, 2],
            "lesion": [1, 2],
            "type": ["cyst", "metastasis"],
            "volume_ml": [4.8, 1.6],
            "diameter_mm": [21.0, 14.6],
        }
    )
    write_table(lesions, prediction / "lesions.tsv")
    scores = {"patient": patient, "dice": 0.85, "lesions": 2, "detected": 1, "false_positives": 0}
    write_table(pd.DataFrame([scores]), prediction / "scores.tsv")
    rows = []
    for method in ("shapley", *COMPOSITES):
        for kind, lesion in (("tumour", 0), ("TP", 1), ("FN", 2)):
            shares = _shares(method, len(study.sequences), generator)
            for sequence, share in zip(study.sequences, shares, strict=True):
                rows.append([patient, method, kind, lesion, sequence, share, share])
    columns = ["patient", "method", "region", "lesion", "sequence"]
    table = pd.DataFrame(rows, columns=[*columns, "relevance", "relevance_pooled"])
    write_table(table[table["method"] == "shapley"], evaluation / "shapley.tsv")
    return table


def _shares(method: str, sequences: int, generator) -> np.ndarray:
    shares = np.arange(1.0, sequences + 1) ** 2
    if method == "alpha1_beta0":
        shares = np.ones(sequences) + np.arange(sequences)[::-1] / 100
    shares = shares + generator.uniform(-0.05, 0.05, sequences)
    return shares / shares.sum()


def _write_tables(study: Study, relevance: pd.DataFrame) -> None:
    """Tables of the cohort that the page computes with, and stubs of those it only hands on."""
    summary, made = study.config["summary"], {}
    bootstrap = (200, summary["confidence"], 0)
    several = len(study.regions) > 1
    for name in study.regions.values():
        own = relevance[relevance["region_name"] == name].drop(columns="region_name")
        tables = compare_sequences(own, *bootstrap) | {
            "relevance": own,
            "agreement_summary": agreement_summary(agreement(own), *bootstrap),
            "ablation": _ablation(study),
            "scores": pd.DataFrame(
                {
                    "patient": study.patients,
                    "dice": 0.85,
                    "lesions": 2,
                    "detected": 1,
                    "false_positives": 0,
                }
            ),
        }
        for key, table in tables.items():
            made.setdefault(key, []).append(table.assign(region_name=name) if several else table)
    made["motion"] = [pd.DataFrame({"patient": study.patients, "flag": "good"})]
    for step in study.steps:
        for table in step.tables:
            content = made.get(table.name, [pd.DataFrame({"patient": study.patients})])
            write_table(pd.concat(content), study.results / table.file)


def _ablation(study: Study) -> pd.DataFrame:
    rows = []
    for patient in study.patients:
        rows.append([patient, "all", "NA", 0.85])
        for number, sequence in enumerate(study.sequences):
            rows.append([patient, "drop_one", sequence, 0.85 - 0.1 * number])
    return pd.DataFrame(rows, columns=["patient", "ablation", "sequence", "dice"])


def _write_rest(study: Study) -> None:
    for entry in FIGURES.values():
        for region in study.regions if entry.by_region else [""]:
            stem = study.results / f"figures{region}/{entry.name}"
            stem.parent.mkdir(parents=True, exist_ok=True)
            stem.with_suffix(".png").write_bytes(PICTURE)
            stem.with_suffix(".svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
            stem.with_suffix(".pdf").write_bytes(b"%PDF-1.4")
    for name in ("methods", "claim_checklist"):
        path = study.results / f"report/{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    record = {"commit": None, "versions": {"packages": {"mrelevance": "0.1.0"}}}
    write_json(record, study.results / "provenance.json")


def _write(path: Path, volume: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(volume, AFFINE), path)
