"""The functions that give rules their parameters, and what they say of the rules themselves."""

import re

from snakemake.exceptions import WorkflowError


def parameter(key):
    """Parameter function: a setting, as the study or the variant has it."""

    @signed
    def value(wildcards):
        return setting_of(settings(results_in(wildcards)), key)

    value.settings_read = [key]
    return value


def explained_region(wildcards):
    """Name of the region that a job explains."""
    return REGIONS[wildcards.region]


def registration(wildcards):
    """How images are registered; what happens to failed registrations does not belong here."""
    motion = settings(results_in(wildcards))["motion"]
    return {key: value for key, value in motion.items() if key != "on_failure"}


def what_trains(wildcards):
    """What a network depends on, of the configuration."""
    study = settings(results_in(wildcards))
    return {
        "seed": study["seed"],
        # For those who apply the network to other images.
        "fixed_sequence": study["fixed_sequence"],
        "segmentation": {"classes": study["segmentation"]["classes"]},
        "preprocess": study["preprocess"],
        "network": study["network"],
        "training": study["training"],
        # How its segmentations are scored does not belong here.
        "inference": {key: study["inference"][key] for key in ("window", "overlap")},
    }


def on_failure(wildcards, input):
    """What happens to patients whose registration failed.

    It depends on the inputs, so that changing it does not rerun patients that succeeded.
    """
    return settings(results_in(wildcards))["motion"]["on_failure"]


def identity(wildcards, input, threads):
    """What the key of the cache must tell beyond what Snakemake puts into it.

    That takes in script, parameters and inputs, but neither wildcards nor which input is which,
    software outside of a container, or the threads among which sums are split. A user's images
    count by their content, wherever they lie. Variants share with the study and with each other.
    No job runs again for a parameter that follows from inputs, so using a cache or not makes no
    difference to what is finished.
    """
    if not CACHE:
        return None
    return {
        "wildcards": {
            name: value for name, value in wildcards.items() if name != "results"
        },
        "inputs": {
            name: [
                contents_or_place(path)
                for path in ([paths] if isinstance(paths, str) else paths)
            ]
            for name, paths in input.items()
        },
        "threads": threads,
        "software": software(),
    }


@functools.cache
def contents_or_place(path):
    """The place of a result, whose own key tells its contents; the checksum of other files."""
    return without_variant(path) if path.startswith("results/") else sha256(path)


def taken_from_cache(wildcards, input):
    """Number of jobs by rule that came from a cache, as links to it, and never ran here."""
    taken = [
        job.rule.name
        for job in workflow.dag.jobs
        if any(map(os.path.islink, job.output))
        and not benchmark_of(job.log[0]).exists()
    ]
    return {rule: taken.count(rule) for rule in sorted(set(taken))}


def below_results(path):
    """An output of a rule, from the folder of results; Snakemake adds to wildcards what they match."""
    return re.sub(r"^(\{results\b[^}]*\}|results)/", "", path)


def stage_of(made_by):
    """Stage that a rule belongs to, by the folder of its first output."""
    return re.match(r"[^/.{]+", below_results(made_by.output[0]))[0]


def stages_of_rules(wildcards):
    """Stage of every rule that makes files."""
    return {
        made_by.name: stage_of(made_by) for made_by in workflow.rules if made_by.output
    }


def check_settings_declared():
    """Check that the table of stages knows every setting that a stage computes with.

    Otherwise a variant would be taken for the study. Pages may name whatever they describe, and
    what is made for the study alone may read all.
    """
    for made_by in workflow.rules:
        if not made_by.output or "results" not in made_by.wildcard_names:
            continue
        stage = stage_of(made_by)
        for function in made_by.params:
            for key in getattr(function, "settings_read", []):
                if stage != "report" and not depends_on(stage, key):
                    raise WorkflowError(
                        f"rule {made_by.name} reads the setting {key}; add it to the stage {stage} "
                        "in mrelevance.runtime.stages"
                    )


def results_of_target(wildcards):
    """What the target of a record asks for, without its record and what is made from that."""
    asked = getattr(rules, wildcards.get("target", "all")).input
    found = [
        path(wildcards) if callable(path) else path
        for path in asked
        if path not in asked.record
    ]
    # An input function that only refuses gives none.
    return [path for path in found if path]


def notebook_version(notebook):
    """Fingerprint of a notebook and of the library code that it runs."""
    return code.code_version(PROJECT / "notebooks" / f"{notebook}.ipynb")
