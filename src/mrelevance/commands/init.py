"""mrelevance init: from a folder of images to a sample sheet and a configuration."""

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from mrelevance.cohort.examination import Examination, examine
from mrelevance.cohort.layouts.description import Description, Hints
from mrelevance.cohort.layouts.table import describe
from mrelevance.cohort.proposal import Proposal, propose
from mrelevance.cohort.proposal_files import write_configuration, write_sheet
from mrelevance.cohort.sheet import LABEL
from mrelevance.runtime.errors import InputError

HELP = "Recognise the images in a folder; write a sample sheet and a configuration for them."
MOST_LINES = 20
"""Lines of a list that are printed; a count stands for the rest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of the images")
    parser.add_argument(
        "--labels", type=Path, metavar="FOLDER", help="folder of the labels, if it is another one"
    )
    parser.add_argument(
        "--label", metavar="NAME", help="name of the labels' files, where several could be labels"
    )
    parser.add_argument(
        "--network",
        type=Path,
        metavar="PATH",
        help="network to explain that is trained already, such as a results folder of nnU-Net",
    )
    parser.add_argument(
        "--trust-code",
        action="store_true",
        help="run the Python code that --network names as module:function, here and in the study",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("config/mine.yaml"),
        metavar="FILE",
        help="configuration to write; the sample sheet is written beside it (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Write sample sheet and configuration, and print what was understood; 1 with problems.

    Raises
    ------
    InputError
        A file would be overwritten, or the folder holds no cohort that can be studied.
    """
    configuration, sheet = options.out, options.out.with_suffix(".tsv")
    if configuration.suffix not in (".yaml", ".yml"):
        raise InputError(f"--out: {configuration} must end in .yaml")
    for path in (configuration, sheet):
        if path.exists():
            raise InputError(f"{path} exists; move it away, or name another file with --out")
    described = describe(options.folder, Hints(options.labels, options.label))
    network = None
    if options.network is not None:
        # Takes seconds, and other cohorts need none of it.
        from mrelevance.networks import proposal as of_networks

        network = of_networks.propose_network(
            options.network, described.sequences, options.trust_code
        )
        described = of_networks.of_network(described, network)
    examined = examine(described)
    proposal = propose(described, examined, network is not None)
    if network is not None:
        proposal.questions += of_networks.questions_of_network(described, network)
        proposal.problems += of_networks.problems_of_channels(network)
    incomplete = _incomplete(described)
    data = options.folder.resolve()
    write_sheet(described, data, sheet)
    told = None if network is None else of_networks.sections(network)
    write_configuration(described, proposal, data, _named(sheet), configuration, told)
    print("\n".join(_table(described, examined, proposal, network is not None)))
    _print_list("Left out, or taken for granted:", described.notes)
    _print_list("Defaults, for you to decide:", proposal.questions)
    if incomplete:
        incomplete.append("add the files, or set cohort.incomplete to exclude")
    _print_list("Problems:", [*proposal.problems, *incomplete])
    print(f"\nWritten: {configuration} and {sheet}. When you have looked through them:")
    print(f"  make reproduce CONFIG={configuration}")
    return 1 if proposal.problems or incomplete else 0


def _named(sheet: Path) -> str:
    """The sheet as the configuration names it: from the project, if this is run in its folder."""
    if not sheet.is_absolute() and Path("workflow/Snakefile").is_file():
        return sheet.as_posix()
    return str(sheet.resolve())


def _incomplete(described: Description) -> list[str]:
    """Patients without all images, one line each."""
    lines = []
    for patient in described.patients:
        lacking = [name for name in described.sequences if name not in patient.images]
        lacking += [] if patient.label else [LABEL]
        if lacking:
            lines.append(f"patient {patient.name} lacks {', '.join(lacking)}")
    return lines


def _table(
    described: Description, examined: Examination, proposal: Proposal, trained_elsewhere: bool
) -> list[str]:
    """What was understood: a table of the cohort, and one of the sequences."""
    patients = described.patients
    subjects = {patient.subject for patient in patients if patient.subject}
    splits = Counter(patient.split for patient in patients if patient.split)
    undrawn = "all are for test" if trained_elsewhere else "to be drawn"
    empty = sum(not values for values in examined.values.values())
    rows = [
        ("Layout", described.layout),
        ("Patients", f"{len(patients)}" + (f", of {len(subjects)} subjects" if subjects else "")),
        ("Split", ", ".join(f"{n} {part}" for part, n in splits.items()) or undrawn),
        ("Labels", f"{sum(bool(p.label) for p in patients)}" + (f", {empty} empty" * bool(empty))),
        ("Classes", _classes(described, proposal)),
        ("Regions", ", ".join(described.regions) or "the classes"),
        ("Motion", proposal.method),
    ]
    width = max(map(len, [*described.sequences, "Sequence", LABEL])) + 2
    lines = [f"{name:<{width}}{text}" for name, text in rows]
    lines.append("")
    lines.append(f"{'Sequence':<{width}}{'Patients':<10}{'Voxels':<16}{'Spacing (mm)':<18}Of")
    for name in described.sequences:
        count = sum(name in patient.images for patient in patients)
        first = next((p for p in patients if name in examined.grids.get(p.name, {})), None)
        fixed = "  (fixed)" if name == proposal.fixed_sequence else ""
        if first:
            grid = examined.grids[first.name][name]
            size = " x ".join(map(str, grid.size))
            spacing = " x ".join(f"{length:.3g}" for length in grid.spacing)
            lines.append(f"{name:<{width}}{count:<10}{size:<16}{spacing:<18}{first.name}{fixed}")
        else:
            lines.append(f"{name:<{width}}{count:<10}not read{fixed}")
    return lines


def _classes(described: Description, proposal: Proposal) -> str:
    if described.classes:
        return ", ".join(f"{name} {value}" for name, value in described.classes.items())
    if proposal.open_values:
        return f"not known; values {', '.join(map(str, proposal.open_values))}"
    return "one, whatever its value"


def _print_list(title: str, lines: Iterable[str]) -> None:
    lines = list(lines)
    if not lines:
        return
    print(f"\n{title}")
    for line in lines[:MOST_LINES]:
        print(f"  - {line}")
    if len(lines) > MOST_LINES:
        print(f"  ... and {len(lines) - MOST_LINES} more")
