"""From entries of the catalogues of tables and figures to inputs, outputs and parameters of rules."""

# Targets that set variants beside the study.
COMPARISONS = list(
    dict.fromkeys(
        step.target
        for step in TABLES.values()
        if any(given.variants for given in step.inputs.values())
    )
)


# Figures of this study.
PLOTTED = [
    entry for entry in FIGURES.values() if not (entry.of_training and TRAINED_ELSEWHERE)
]


def results_of_entry(entry):
    """Where the results of an entry lie; comparisons are made once, for the study."""
    return RESULTS if entry.target in COMPARISONS else "{results}"


def group_of_entry(entry):
    """Group of an entry's job on a cluster."""
    return group("further" if entry.target in COMPARISONS else "summary")


def inputs_of_figure(figure, region):
    """Input function of each input of a figure; `region` is what paths of its region have."""
    return {
        name: input_of_figure(path.replace("{region}", region))
        for name, path in figure.inputs.items()
    }


def regions_of_figure(figure):
    """Explained region by what paths of its figure have, which is nothing if there is only one."""
    return REGIONS if figure.by_region else {"": None}


def labels_of_figure(figure, region_name):
    """What the report calls the figure of a region."""
    named = figure.by_region and len(REGIONS) > 1
    return {"result": f"{figure.title}: {region_name}" if named else figure.title}


def name_of_plot(figure, region):
    """Name of the rule that plots the figure of a region."""
    return re.sub(r"\W", "_", f"plot_{figure.name}{region}")


def input_of_figure(path):
    """Input function of a path: of every test patient, of the first, or of the cohort."""
    if "{patient}" in path:
        return for_split("test", path)
    if "{first_patient}" in path:
        return for_first_test_patient(path.replace("first_patient", "patient"))
    return from_stage(path)


def inputs_of_step(step):
    """Input function of each input of a step that makes tables."""
    return {name: input_of_step(step, given) for name, given in step.inputs.items()}


def input_of_step(step, given):
    """Input function of an input: of patients, of variants too, or of the cohort."""
    regions = list(REGIONS) if "{region}" in given.path else [""]
    if given.needs_truth and not KIND.with_truth:
        return []
    if given.variants:
        return for_variants(step.target, given.path, regions)
    if given.patients is None:
        return from_stage(given.path, region=regions)
    if given.patients == "all":
        return for_each(all_patients, given.path)
    return for_split("test", given.path, region=regions)


def outputs_of_step(step):
    """Tables of a step, with their place in the report, their provenance, and arrays."""
    folder = results_of_entry(step)
    made = {table.name: table_in_report(table, folder) for table in step.tables}
    beside = [f"{folder}/{table.provenance}" for table in step.tables]
    beside += [
        f"{folder}/summary/{name.replace('{region}', region)}"
        for name in step.arrays
        for region in REGIONS
    ]
    return made | {"beside": beside}


def table_in_report(table, folder):
    """Output of a table, in the report if it has a title."""
    path = f"{folder}/{table.file}"
    if table.title is None:
        return path
    return report(
        path,
        caption=f"../report/{table.caption}",
        category=table.category,
        labels={"result": table.title},
    )


def settings_of_step(step):
    """Parameter function: the settings that a step names."""
    return settings_named(step.settings, step.target)


def settings_of_figure(figure):
    """Parameter function: the settings that a figure names."""
    keys = {
        "composite": "figures.composite",
        "resamples": "summary.resamples",
        "confidence": "summary.confidence",
    }
    named = {name: keys.get(name, name) for name in figure.settings}
    return settings_named(named, figure.target)


def settings_named(keys, target):
    """Parameter function: settings by name, from their keys in the configuration."""

    @signed
    def values(wildcards):
        own = settings(results_in(wildcards))
        return {
            name: (
                changes_compared(target) if key == "variants" else setting_of(own, key)
            )
            for name, key in keys.items()
        }

    values.settings_read = list(keys.values())
    return values


def changes_compared(target):
    """Changes of each variant that a target sets beside the study."""
    return {name: changes_of(config, name) for name in variants_of(target)}


def files_of(target):
    """All tables and figures of a target."""
    tables = [
        f"results/{table.file}"
        for step in TABLES.values()
        for table in step.tables
        if step.target == target and step.is_made(FEWER_MEMBERS)
    ]
    figures = [
        f"results/figures{region}/{entry.name}.{suffix}"
        for entry in PLOTTED
        if entry.target == target
        for region in regions_of_figure(entry)
        for suffix in ("png", "svg", "pdf")
    ]
    return tables + figures


def of_test_patients(path):
    """Input function: a path that begins with its stage, for each test patient and region."""
    return for_split("test", path, region=list(REGIONS))


@signed
def requested_comparisons(wildcards):
    """Input function: files of the comparisons that are asked for together with the study."""
    asked = workflow.dag_settings.targets
    return [
        file for target in COMPARISONS if target in asked for file in files_of(target)
    ]


@signed
def comparisons_shown(wildcards):
    """Comparisons that the report page shows: those asked for, and those made before."""
    asked = workflow.dag_settings.targets
    return [
        target
        for target in COMPARISONS
        if target in asked or all(map(os.path.exists, files_of(target)))
    ]
