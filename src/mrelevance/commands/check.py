"""mrelevance check: everything that would stop a study, before anything is computed.

The workflow makes the same checks at its start. What it reads while it plans uses only the standard
library and what Snakemake itself needs.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from mrelevance.cohort.kinds import kind_of
from mrelevance.cohort.parts import cautions
from mrelevance.cohort.problems import image_problems
from mrelevance.cohort.sheet import SPLIT, Rows, SampleSheet, read_sheet, remarks, sizes_of_parts
from mrelevance.phantom.settings import check_labels_of_phantom, check_settings
from mrelevance.runtime.configuration import check_configuration, faulty_sections
from mrelevance.runtime.errors import InputError, gathered
from mrelevance.runtime.network_source import is_refused, is_trained_elsewhere
from mrelevance.runtime.result_paths import STUDY
from mrelevance.runtime.segmentation import read_segmentation
from mrelevance.runtime.stages import stages_computed
from mrelevance.runtime.variants import named_variants, varied

HELP = "Check a configuration, its sample sheet, its images and its network; name all problems."

PROJECT = Path(__file__).parents[3]
SCHEMA = "workflow/schemas/config.schema.json"
TRIED = (
    "sequences", "network", "training", "inference", "relevance", "evaluation", "segmentation",
)  # fmt: skip
"""Sections of the configuration that the trial of the network reads."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        "configuration", type=Path, metavar="CONFIG", help="for example config/mine.yaml"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="folder that the sample sheet's paths start at, in place of cohort.data",
    )
    parser.add_argument(
        "--trust-code",
        action="store_true",
        help="run the Python code that network.source names as module:function, in this check "
        "alone; network.trust_code allows it in the study as well",
    )


def run(options: argparse.Namespace) -> int:
    """Print what was understood and all problems; 0 if there are none, else 1.

    Raises
    ------
    InputError
        The configuration cannot be read.
    """
    # The workflow, which imports this module, gets its configuration from Snakemake.
    from mrelevance.runtime.configuration_file import read_configuration

    config = read_configuration(options.configuration, PROJECT)
    if options.data is not None and isinstance(config.get("cohort"), dict):
        config["cohort"]["data"] = str(options.data.absolute())
    if options.trust_code and isinstance(config.get("network"), dict):
        config["network"]["trust_code"] = True
    problems, sheet = check_study(config, PROJECT)
    if sheet is not None:
        print(f"cohort: {_in_words(sheet)} from {config['cohort']['patients']}")
        elsewhere = is_trained_elsewhere(config)
        sizes = sizes_of_parts(sheet, config["cohort"], elsewhere)
        for line in [*remarks(sheet), *cautions(sizes, elsewhere)]:
            print(line)
        problems += cohort_problems(config, sheet.rows, PROJECT)
    faulty = faulty_sections(config, PROJECT / SCHEMA)
    if not faulty.intersection(TRIED) and not is_refused(config):
        problems += _try_networks(config)
    for line in problems:
        print(f"Error: {line}", file=sys.stderr)
    print(f"{options.configuration}: {len(problems) or 'no'} problem{'s' * (len(problems) != 1)}")
    return 1 if problems else 0


def check_study(config: dict, project: Path) -> tuple[list[str], SampleSheet | None]:
    """Problems of the configuration and the sample sheet, a line each; the sheet if it can be read.

    Paths of the configuration start at the folder `project`.
    """
    problems, sheet = [], None
    with gathered(problems):
        check_configuration(config, project / SCHEMA)
    faulty = faulty_sections(config, project / SCHEMA) if problems else set()
    if faulty & {"cohort", "sequences"}:
        return problems, None
    cohort, sequences = config["cohort"], config["sequences"]
    elsewhere = "network" not in faulty and is_trained_elsewhere(config)
    with gathered(problems):
        sheet = read_sheet(
            project / cohort["patients"], sequences, cohort["source"], cohort["incomplete"]
        )
        sizes_of_parts(sheet, cohort, elsewhere)
    if cohort["source"] == "phantom" and not faulty & {"phantom", "fixed_sequence"}:
        with gathered(problems):
            phantom = check_settings(config["phantom"], sequences, config["fixed_sequence"])
            if "segmentation" not in faulty:
                check_labels_of_phantom(phantom, read_segmentation(config["segmentation"]))
    if sheet is not None and "evaluation" not in faulty:
        gallery = config["evaluation"]["maps"]["gallery_patient"]
        if gallery is not None and gallery not in sheet.rows:
            problems.append(
                f"configuration: evaluation.maps.gallery_patient is {gallery}, which is not in the "
                "sample sheet"
            )
    return problems, sheet


def cohort_problems(config: dict, rows: Rows, project: Path) -> list[str]:
    """Problems of the images that a sample sheet names, a line each; none for the phantom."""
    if not kind_of(config["cohort"]["source"]).reads_images:
        return []
    return image_problems(config, rows, project / config["cohort"]["data"])


def _try_networks(config: dict) -> list[str]:
    """Try the network of the study, and of each variant that differs in it; the problems."""
    # Takes seconds, and Snakemake's own environment has no torch.
    from mrelevance.attribution.trial import in_words, try_configured

    networks = {STUDY: config} | {
        name: varied(config, changes)
        for name, changes in named_variants(config).items()
        if isinstance(changes, dict) and "trial" in stages_computed(config, varied(config, changes))
    }
    problems = []
    for name, study in networks.items():
        try:
            for line in in_words(try_configured(study, config["sequences"], PROJECT)):
                print(line if name == STUDY else f"variant {name}: {line}")
        except InputError as error:
            lines = str(error).splitlines()
            problems += [
                line if name == STUDY else f"variant {name}: {line}"
                for line in lines
                if line not in problems
            ]
    return problems


def _in_words(sheet: SampleSheet) -> str:
    """Number of patients, by part of the split if the sheet gives it."""
    parts = Counter((sheet.column(SPLIT) or {}).values())
    split = ", ".join(f"{count} {part}" for part, count in parts.items())
    return f"{len(sheet.rows)} patients ({split or 'the split is drawn'})"
