"""From entries of the catalogues of tables and figures to inputs, outputs and parameters of rules."""

# Targets of their own, which set variants beside the study.
COMPARISONS = ["baselines", "motion_effect", "networks", "select"]
# What the keys of an entry's settings stand for in the configuration, if not for themselves.
KEYS = {"composite": "figures.composite"}


def results_folder(entry):
    """Where an entry's results lie; comparisons are made once, for the study."""
    return RESULTS if entry.target in COMPARISONS else "{results}"


def inputs_of(entry):
    """Inputs of a rule: the paths of an entry, each from the folder in which its stage lies."""
    return {name: input_of(entry, path) for name, path in entry.inputs.items()}


def input_of(entry, path):
    """Input function of one path of an entry."""
    if "{patient}" in path:
        return for_split("test", path)
    if "{first_patient}" in path:
        return for_each(first_test_patient, path.replace("first_patient", "patient"))
    return from_stage(path)


def settings_of_entry(entry):
    """Parameter function: the settings that an entry names."""

    def values(wildcards):
        own = settings(results_in(wildcards))
        return {name: setting_of(own, key) for name, key in keys.items()}

    keys = {name: KEYS.get(name, name) for name in entry.settings}
    values.keys = list(keys.values())
    return values


def figures_of(target):
    """Files of all figures of a target."""
    return expand(
        "results/figures/{figure}.{suffix}",
        figure=[entry.name for entry in FIGURES.values() if entry.target == target],
        suffix=["png", "svg", "pdf"],
    )
