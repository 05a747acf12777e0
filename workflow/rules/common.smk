"""Configuration and sample sheet, checked before anything runs."""

import functools
import hashlib
import inspect
import json
import math
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

from snakemake.settings.types import DeploymentMethod

WORKFLOW = Path(workflow.current_basedir).parent
PROJECT = WORKFLOW.parent

# The library of this checkout is what runs, here and in the jobs, whatever is installed: the
# fingerprints of the code are taken from it. Outside of the container it needs nothing but Snakemake.
sys.path.insert(0, str(PROJECT / "src"))

from mrelevance.analysis.catalogue import TABLES
from mrelevance.cohort.files import images_of, total_bytes
from mrelevance.cohort.kinds import kind_of
from mrelevance.cohort.parts import cautions
from mrelevance.cohort.references import part_of, path_of
from mrelevance.cohort.sheet import LABEL, MASK, images_in, remarks, sizes_of_parts
from mrelevance.commands.check import check_study, cohort_problems
from mrelevance.figures.catalogue import FIGURES
from mrelevance.runtime import code
from mrelevance.runtime.benchmark import benchmark_of
from mrelevance.runtime.configuration_file import give_own_arguments
from mrelevance.runtime.container import check_image, image_path, variables_inside
from mrelevance.runtime.errors import InputError, StorageError
from mrelevance.runtime.files import check_writable, read_rows, sha256
from mrelevance.runtime.home import find_programs_beside_python, variables_without_home
from mrelevance.runtime.locks import mark_running, remove_stale_lock
from mrelevance.runtime.logs import write_error
from mrelevance.runtime.network_source import files_of_source, is_trained_elsewhere
from mrelevance.runtime.result_paths import (
    RESULTS,
    STUDY,
    is_new,
    results_of,
    without_variant,
)
from mrelevance.runtime.segmentation import (
    declaration_of_labels,
    read_segmentation,
    region_folders,
)
from mrelevance.runtime.stages import STAGES, depends_on
from mrelevance.runtime.stages import setting as setting_of
from mrelevance.runtime.storage import (
    cache_folder,
    check_cache_folder,
    check_free_space,
    expected_bytes,
)
from mrelevance.runtime.study_folder import check_folder
from mrelevance.runtime.variants import (
    changes_of,
    compared_variants,
    configuration_of,
    home,
)
from mrelevance.runtime.versions import PACKAGES, commit, versions_of

code.search_first(PROJECT / "src")

find_programs_beside_python()
if shlex.quote(sys.executable) != sys.executable:
    # Snakemake writes this path into shell commands, without quotes.
    sys.executable = "python"
os.environ.update(variables_without_home(".snakemake"))

# For the jobs' processes: glibc gives large tensors back to the system when they are freed, and
# getting them again, page by page, would take up to a third of the time of relevance and training.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(4 * 2**30))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(8 * 2**30))


# Whether the results of a rule are shared through a cache (snakemake --cache). The software is
# among what `identity` tells, where a container counts by its content and not by its path.
CACHE = "omit-software" if workflow.enable_cache else False

# Whether every step runs in the container (snakemake --sdm apptainer).
CONTAINED = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method


configfile: str(PROJECT / "config/config.yaml")


def check_disk():
    """Check that the results can be written and have room."""
    check_writable("results" if Path("results").exists() else ".")
    if not is_new():
        return
    if KIND.reads_images:
        # Compressed images take about a byte per voxel.
        values = total_bytes(images_of(SHEET, SEQUENCES, DATA))
    else:
        values = math.prod(config["phantom"]["size"]) * len(SEQUENCES) * len(SHEET)
    tested = SIZES["test"] / sum(SIZES.values())
    maps = len(config["relevance"]["composites"]) * len(SEGMENTATION.explained)
    check_free_space(".", expected_bytes(values, tested, maps))


def prepare_container():
    """With --sdm apptainer, check that the container is there and let its steps see their files."""
    if not CONTAINED:
        return
    check_image(image_path(PROJECT))
    sheet = PROJECT / config["cohort"]["patients"]
    folders = [Path.cwd(), tempfile.gettempdir(), sheet.parent]
    if KIND.reads_images:
        elsewhere = {
            Path(path_of(row[column])).parent
            for row in SHEET.values()
            for column in images_in(row)
            if Path(path_of(row[column])).is_absolute()
        }
        folders += [DATA, *sorted(elsewhere)]
    if TRAINED_ELSEWHERE:
        folders.append((PROJECT / config["network"]["source"]).parent)
    if cache_folder():
        folders.append(cache_folder())
    os.environ.update(variables_inside(PROJECT, commit(PROJECT), folders))


def check_cache_on_cluster():
    """Check that the jobs of a cluster will know of the cache as well."""
    if workflow.non_local_exec and workflow.workflow_settings.cache == []:
        sys.exit(
            "Error: on a cluster --cache needs the name of a rule, or Snakemake does not hand it on "
            "to the jobs; give --cache train_network, which turns it on for all rules"
        )


def check_processor():
    """Check the precisions of a new study, if this processor is known to be that of its jobs.

    In a container and on a cluster the jobs themselves do.
    """
    if not is_new() or CONTAINED or workflow.non_local_exec:
        return
    # Takes seconds, and the environment of Snakemake alone has none of it.
    from mrelevance.networks.precision import check_precision

    try:
        check_precision(
            {
                f"{section}.precision": config[section]["precision"]
                for section in COMPUTED_WITH
            }
        )
    except InputError as error:
        sys.exit(f"Error: {error}")


try:
    # Who gives --directory has chosen a folder; jobs get it from their Snakemake.
    if workflow.is_main_process and workflow.overwrite_workdir is None:
        check_folder(workflow.overwrite_configfiles, PROJECT)
    give_own_arguments(config, workflow.overwrite_configfiles)
except InputError as error:
    sys.exit(f"Error: {error}")

PROBLEMS, COHORT = check_study(config, PROJECT)
# Jobs read these files anew, each in a process of its own; the images are checked once.
if COHORT is not None and workflow.is_main_process:
    PROBLEMS += cohort_problems(config, COHORT.rows, PROJECT)
if PROBLEMS:
    sys.exit("\n".join(f"Error: {line}" for line in PROBLEMS))

SHEET = COHORT.rows
SEGMENTATION = read_segmentation(config["segmentation"])
DATA = PROJECT / config["cohort"]["data"]
KIND = kind_of(config["cohort"]["source"])
SEQUENCES = config["sequences"]
TRAINED_ELSEWHERE = is_trained_elsewhere(config)
SIZES = sizes_of_parts(COHORT, config["cohort"], TRAINED_ELSEWHERE)
if workflow.is_main_process:
    for line in [*remarks(COHORT), *cautions(SIZES, TRAINED_ELSEWHERE)]:
        print(line, file=sys.stderr)

try:
    check_disk()
    prepare_container()
    if CACHE:
        check_cache_folder(cache_folder())
except (InputError, StorageError) as error:
    sys.exit("\n".join(f"Error: {line}" for line in str(error).splitlines()))

if remove_stale_lock(".snakemake"):
    print(
        "The last run here died; its lock is removed, and the study goes on.",
        file=sys.stderr,
    )

# Relative, because the steps of a project that moved need not run again.
IMAGE = os.path.relpath(image_path(PROJECT))
PATIENTS = list(SHEET)
COLUMNS = COHORT.columns
# Patient to train, validation or test; None where the sheet leaves the split to be drawn.
SPLIT = COHORT.column("split")
# Patient to the person whose visit it is; None where the sheet does not say.
SUBJECTS = COHORT.column("subject")
COVARIATES = COHORT.covariates_by_name
# Phantoms of which the right answer is known.
ANSWER_KNOWN = (
    config["cohort"]["source"] == "phantom"
    and config["phantom"]["known_answer"] is not None
)
# What the values of the labels mean, whichever regions are explained.
LABELS = declaration_of_labels(config["segmentation"])
# Explained region by what its files have in their paths, which is nothing if there is only one.
REGIONS = region_folders(SEGMENTATION)
EXCLUDE_FAILED = config["motion"]["on_failure"] == "exclude"


def any_of(names):
    """Pattern of a few names or many: they share their beginnings, so that matching stays fast."""
    rests = {}
    for name in names:
        rests.setdefault(name[:1], []).append(name[1:])
    branches = [
        re.escape(letter) + any_of(rest) for letter, rest in rests.items() if letter
    ]
    if "" in rests:
        branches.append("")
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


wildcard_constraints:
    # The results of the study, or of one of its variants.
    results=rf"{RESULTS}(/variants/[^/]+)?",
    patient=any_of(PATIENTS),
    target=r"\w+",
    settings=r"[0-9a-f]{16}",
    # Explained region, see REGIONS.
    region=f"(?:{any_of(REGIONS)})",


def signed(function):
    """Keep the signature of a function, which Snakemake otherwise derives anew for every job."""
    function.__signature__ = inspect.signature(function)
    return function


def one_of_each(name, path, values):
    """Outputs of one kind, each with a name of its own, as the cache requires.

    `path` has {value} where they differ.
    """
    return {f"{name}_{value}": path.replace("{value}", value) for value in values}


def group(name):
    """Group of a rule's jobs, which are one job on a cluster; elsewhere it only costs planning."""

    # Where jobs will run is not known yet when the rules are read.
    @signed
    def on_cluster(wildcards):
        return None if workflow.local_exec else name

    return on_cluster


@functools.cache
def software():
    """What the steps compute with: versions of packages, or the content of the container."""
    if CONTAINED:
        image = workflow.modifier.global_container_img
        return sha256(image) if Path(image).is_file() else image
    return versions_of(PACKAGES)


def code_version(script):
    """Fingerprint of a script of the workflow and of the library code that it runs."""
    return code.code_version(WORKFLOW / "scripts" / f"{script}.py")


def library_version(module):
    """Fingerprint of a module of the library, named to a script, and of what it runs."""
    path = Path(*module.split(".")).with_suffix(".py")
    return code.code_version(PROJECT / "src" / path)


def doubling(amount):
    """Memory in MB or time in minutes: twice as much on every further attempt."""

    @signed
    def resource(wildcards, attempt):
        return amount * 2 ** (attempt - 1)

    return resource
