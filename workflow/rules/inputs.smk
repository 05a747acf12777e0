"""The input functions of the rules.

The wildcard `results` is the folder of the results of the study or of one of its variants. A stage
that a variant does not compute is read from the study.
"""

@functools.cache
def settings(results):
    """Configuration of the study, or of the variant that has this folder of results."""
    try:
        return configuration_of(config, results)
    except InputError as error:
        sys.exit(f"Error: {error}")


@functools.cache
def folder_of(stage, results):
    """The results folder in which a stage lies, seen from those of the study or of a variant."""
    settings(results)  # ends the workflow if there is no such variant
    return home(config, stage, results)


def results_in(wildcards):
    """The results folder of a job; what is made once for the study has no wildcard for it."""
    return wildcards.get("results", RESULTS)


def located(path, results):
    """A path that begins with its stage, from the folder in which that lies."""
    return f"{folder_of(path.split('/')[0], results)}/{path}"


def from_stage(path, **values):
    """Input function: a path that begins with its stage; one for each value of other wildcards."""

    @signed
    def found(wildcards):
        place = located(path, results_in(wildcards))
        own = dict(wildcards.items())
        return expand(place, **own, **values) if values else place.format(**own)

    return found


@signed
def trial_of_settings(wildcards):
    """Input function: the trial of a network, whose name tells what was tried and by which code."""
    results = results_in(wildcards)
    tried = {
        key: setting_of(settings(results), key) for key in STAGES["trial"].settings
    }
    told = [
        tried,
        len(SEQUENCES),
        state_of_source(results),
        code_version("try_network"),
        Path(IMAGE).name,
    ]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return f"{results}/trial/{digest[:16]}.json"


def trial_kept(wildcards):
    """Where the answer of a trial is kept until its job, which may come later, reads it."""
    return f".snakemake/trials/{wildcards.settings}.json"


def try_networks():
    """Try new networks before this machine starts any job; elsewhere their jobs do so.

    Jobs that fail do not stop others, and an order of jobs without files in common cannot be asked
    for.
    """
    due = [job for job in workflow.dag.needrun_jobs() if job.rule.name == "try_network"]
    if CONTAINED or workflow.non_local_exec or not due:
        return
    # Takes seconds, and the environment of Snakemake alone has none of it.
    from mrelevance.attribution.trial import in_words, try_once

    for job in due:
        try:
            study = configuration_of(config, job.wildcards.results)
            kept = Path(trial_kept(job.wildcards))
            tried = try_once(study, SEQUENCES, PROJECT, kept)
            if TRAINED_ELSEWHERE:
                print(*in_words(tried), sep="\n", file=sys.stderr)
        except InputError as error:
            sys.exit(write_error(job.log[0], error))


def trials_of(target):
    """Trials of the networks of the study and of the variants that a target compares, each once."""
    compared = target in config["comparisons"]
    folders = [STUDY, *(compared_variants(config, target) if compared else [])]
    places = [located("trial/network.json", results_of(name)) for name in folders]
    return list(dict.fromkeys(places))


def for_split(split, path, **values):
    """Input function: a path that begins with its stage, for each patient of a part of the split."""
    return for_each(functools.partial(patients_of, split), path, **values)


def for_each(patients, path, **values):
    """Input function: a path that begins with its stage, for each of `patients(results)`."""

    @signed
    def found(wildcards):
        results = results_in(wildcards)
        own = {"region": wildcards.get("region", "")} | values
        # The last varies fastest: all patients of a region stay together.
        return expand(located(path, results), **own, patient=patients(results))

    return found


def for_variants(comparison, path, regions):
    """Input function: a path for each region and test patient of the study, in study and variants."""

    @signed
    def found(wildcards):
        return [
            located(path, results_of(variant)).format(patient=patient, region=region)
            for variant in [STUDY, *variants_of(comparison)]
            for region in regions
            for patient in patients_of("test", RESULTS)
        ]

    return found


def variants_of(comparison):
    """Variants that a target sets beside the study."""
    if comparison != "select":
        return compared_variants(config, comparison)
    return [
        row["subset"]
        for row in read_rows(checkpoints.choose_subsets.get().output.subsets)
    ]


def all_patients(results):
    """All patients of the sample sheet."""
    return PATIENTS


def patients_of(split, results):
    """Patients of one part of the split; waits for the split where it is not known before."""
    if SPLIT is not None and not EXCLUDE_FAILED:
        return [patient for patient in PATIENTS if SPLIT[patient] == split]
    made = checkpoints.split_cohort.get(results=folder_of("cohort", results))
    return [
        row["patient"] for row in read_rows(made.output.split) if row["split"] == split
    ]


def for_first_test_patient(path):
    """Input function: a path that begins with its stage, of the first test patient."""

    @signed
    def found(wildcards):
        results = results_in(wildcards)
        return located(path, results).format(patient=patients_of("test", results)[0])

    return found


def mapped_patients(results):
    """Test patients whose largest found lesion is mapped."""
    lesions = settings(results)["evaluation"]["maps"]["lesions"]
    return patients_of("test", results)[:lesions]


def gallery_patients(results):
    """The patient of the gallery, or those to find one among."""
    patient = settings(results)["evaluation"]["maps"]["gallery_patient"]
    return [patient] if patient else mapped_patients(results)


def donor_image(patient, results):
    """Image of the other patient that stands for a patient's."""
    # A network that was trained elsewhere may leave nobody to train on.
    among = patients_of("train", results) or patients_of("test", results)
    others = [name for name in among if name != patient]
    if not others:
        sys.exit(
            f"Error: relevance.baseline is shuffled, and there is no other patient than {patient}; "
            "set inpainted or zero"
        )
    donor = others[PATIENTS.index(patient) % len(others)]
    return located(f"preprocessed/{donor}/image.nii", results)


def donors(results, patients):
    """Images of other patients that stand for those of `patients`, where the baseline needs them."""
    if settings(results)["relevance"]["baseline"] != "shuffled":
        return []
    return [donor_image(patient, results) for patient in patients]


def donors_for(patients):
    """Input function: images of other patients for those that `patients(results)` gives."""

    @signed
    def found(wildcards):
        results = results_in(wildcards)
        return donors(results, patients(results))

    return found


def donor_of_patient(wildcards):
    """Image of another patient, where the baseline needs one."""
    found = donors(results_in(wildcards), [wildcards.patient])
    return found[0] if found else []


def classes_of_patient(stage):
    """Input function: a patient's volume of classes, where lesions alone do not tell them."""

    @signed
    def found(wildcards):
        if not SEGMENTATION.needs_classes:
            return []
        path = f"{stage}/{wildcards.patient}/classes.nii.gz"
        return located(path, results_in(wildcards))

    return found


def classes_to_train_on(wildcards):
    """Volumes of classes of all patients for training and validation."""
    if not SEGMENTATION.needs_classes:
        return []
    results = results_in(wildcards)
    return [
        located(f"preprocessed/{patient}/classes.nii.gz", results)
        for split in ("train", "validation")
        for patient in patients_of(split, results)
    ]


def volume_of_classes(stage):
    """Output with the class of every voxel, where lesions alone do not tell it."""
    if not SEGMENTATION.needs_classes:
        return {}
    return {"classes": f"{{results}}/{stage}/{{patient}}/classes.nii.gz"}


def fixed_image(wildcards):
    """The imported image of one patient's fixed sequence."""
    fixed_sequence = settings(results_in(wildcards))["fixed_sequence"]
    return located(
        f"raw/{wildcards.patient}/{fixed_sequence}.nii.gz", results_in(wildcards)
    )


def stored_mask(wildcards):
    """The imported mask of one patient's organ of interest, if the sheet names any."""
    if MASK not in COLUMNS:
        return []
    return [located(f"raw/{wildcards.patient}/mask.nii.gz", results_in(wildcards))]


def organ_of_patient(wildcards):
    """Mask of one patient's organ on the fixed sequence's grid: part of the truth, else optional."""
    if KIND.with_truth:
        truth = f"raw/{wildcards.patient}/truth/liver.nii.gz"
        return [located(truth, results_in(wildcards))]
    return stored_mask(wildcards)


def true_motion(wildcards):
    """What is known about a patient's motion, where there is such truth."""
    if not KIND.with_truth:
        return []
    truth = located(f"raw/{wildcards.patient}/truth", results_in(wildcards))
    return [
        f"{truth}/liver.nii.gz",
        f"{truth}/landmarks.tsv",
        *expand(f"{truth}/displacement_{{sequence}}.nii.gz", sequence=SEQUENCES),
    ]


def quality_of_cohort(wildcards):
    """The motion tables of all patients, where the split depends on them."""
    if not EXCLUDE_FAILED:
        return []
    return expand("results/motion/{patient}/quality.tsv", patient=PATIENTS)


def shapley_to_choose_by(wildcards):
    """The validation patients' Shapley values, where these choose the subsets."""
    if config["protocol"]["subsets"] != "default":
        return []
    return expand(
        "results/evaluation/{patient}{region}/shapley.tsv",
        patient=patients_of("validation", RESULTS),
        region=next(iter(REGIONS)),
    )
