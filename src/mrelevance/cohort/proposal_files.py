"""The sample sheet and the configuration of a proposed study, as files."""

import csv
import json
import textwrap
from pathlib import Path

from mrelevance.cohort.layouts.description import Description
from mrelevance.cohort.proposal import Proposal
from mrelevance.cohort.references import part_of, path_of, reference
from mrelevance.cohort.sheet import LABEL, PATIENT, RESERVED, SPLIT, SUBJECT
from mrelevance.runtime.files import written_whole


def write_sheet(described: Description, data: Path, path: Path) -> None:
    """Write the sample sheet, tab-separated; cells of missing images stay empty.

    References are relative to `data` where they lie below it.
    """
    columns = [PATIENT]
    columns += [SUBJECT] if any(patient.subject for patient in described.patients) else []
    columns += [SPLIT] if any(patient.split for patient in described.patients) else []
    images = [*described.sequences, LABEL]
    covariates = dict.fromkeys(name for p in described.patients for name in p.covariates)
    own = {n: f"sheet_{n}" if n in (*RESERVED, *images) else n for n in covariates}
    with written_whole(path) as beside, open(beside, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow([*columns, *images, *own.values()])
        for patient in described.patients:
            told = {PATIENT: patient.name, SUBJECT: patient.subject, SPLIT: patient.split}
            cells = [*map(patient.images.get, described.sequences), patient.label]
            writer.writerow(
                [told[column] for column in columns]
                + [_relative(cell, data) if cell else "" for cell in cells]
                + [patient.covariates.get(name, "") for name in own]
            )


def write_configuration(
    described: Description,
    proposal: Proposal,
    data: Path,
    sheet: str,
    path: Path,
    network: str | None = None,
) -> None:
    """Write the configuration, with a comment for every choice.

    `sheet` is the path of the sample sheet as the configuration names it. `network` are the
    sections of a network that is trained already.
    """
    with written_whole(path) as beside:
        text = _configuration(described, proposal, data, sheet, network)
        beside.write_text(text, encoding="utf-8")


def _configuration(
    described: Description, proposal: Proposal, data: Path, sheet: str, network: str | None
) -> str:
    reasons = proposal.reasons
    drawn = all(patient.split is None for patient in described.patients)
    split = "drawn from cohort.seed" if drawn else "that of the column split"
    if network and drawn:
        split = "test for every patient, as nothing is trained"
    spacing = f" # {reasons['spacing_mm']}" if "spacing_mm" in reasons else ""
    return f"""\
# {len(described.patients)} patients; layout of the images: {described.layout}. Changes to
# config.yaml, written by python -m mrelevance init; config/README.md explains every key.

# In the order of the network's channels.
sequences: {json.dumps(described.sequences)}
{_comment(f"All others are registered to it: {reasons['fixed_sequence']}.")}
fixed_sequence: {json.dumps(proposal.fixed_sequence)}

cohort:
  source: images
  patients: {json.dumps(sheet, ensure_ascii=False)}
  # The image paths of the sample sheet are relative to this folder.
  data: {json.dumps(str(data), ensure_ascii=False)}
  # Patients who lack a sequence or the label: stop, or exclude (leave them out).
  incomplete: stop
  # The split is {split}.

{_segmentation(proposal)}
motion:
{_comment(f"deformable, rigid or none. {reasons['method'].capitalize()}.", "  ")}
  method: {proposal.method}
{_levels(proposal)}
{network or _trained_here(proposal, spacing)}"""


def _trained_here(proposal: Proposal, spacing: str) -> str:
    """The sections of a network that is trained in the study; `spacing` is a comment."""
    return f"""\
preprocess:
  # Voxels in mm, or null for those of the fixed sequence. Time is proportional to their number.
  spacing_mm: {json.dumps(proposal.spacing_mm)}{spacing}

training:
  # Voxels; multiples of network.divisor.
  patch: {json.dumps(proposal.patch)}

inference:
  # A window that covers the patient needs a single pass.
  window: {json.dumps(proposal.window)}
"""


def _levels(proposal: Proposal) -> str:
    """Resolution of the similarity, where no deformation needs more than one."""
    if proposal.method == "deformable":
        return ""
    return f"""\
  # The similarity is measured at this resolution.
  levels:
    - {{resolution_mm: {proposal.resolution_mm}, control_spacing_mm: 40, iterations: 20}}
"""


def _comment(text: str, indent: str = "") -> str:
    """Comment of lines that are not too long."""
    return textwrap.fill(text, 100, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def _segmentation(proposal: Proposal) -> str:
    """The section that says what the values of the labels mean."""
    if proposal.open_values:
        names = {f"class_{value}": value for value in proposal.open_values}
        return f"""\
# What do the values {", ".join(map(str, names.values()))} of the labels mean? Take one of the two.
# segmentation:
#   # Each value is a class; give the classes their names. One region of them is explained.
#   classes: {json.dumps(names)}
#   regions: {json.dumps({"whole tumour": list(names)})}
#   explained: whole tumour
# segmentation:
#   # Each value is one lesion.
#   lesions: values
"""
    if not proposal.classes:
        return """\
# The labels hold one value besides the background. Its connected components are the lesions.
"""
    lines = ["segmentation:", "  # Values in the labels; the network's outputs after background."]
    lines.append(f"  classes: {json.dumps(proposal.classes, ensure_ascii=False)}")
    if proposal.regions:
        lines.append(f"  regions: {json.dumps(proposal.regions, ensure_ascii=False)}")
    lines.append("  # What relevance is computed for: a region or class, or a list of them.")
    lines.append(f"  explained: {json.dumps(proposal.explained)}")
    if proposal.ignore:
        lines.append(f"  ignore: {json.dumps(proposal.ignore)}")
    return "\n".join(lines) + "\n"


def _relative(cell: str, data: Path) -> str:
    path = Path(path_of(cell))
    return reference(path.relative_to(data) if path.is_relative_to(data) else path, part_of(cell))
