"""The input functions of the rules, and those of their parameters."""

import re

import snakemake.io


def patients_of(split):
    """Patients of one part of the split; waits for the split where it is not known before."""
    if SPLIT is not None and not EXCLUDE_FAILED:
        return [patient for patient in PATIENTS if SPLIT[patient] == split]
    known = read_rows(checkpoints.split_cohort.get().output.split)
    return [row["patient"] for row in known if row["split"] == split]


def for_split(split, path):
    """Input function: the path, or paths, for every patient of one part of the split."""

    def paths(wildcards):
        return expand(path, patient=patients_of(split), **dict(wildcards.items()))

    return paths


def mapped_patients():
    """Test patients whose largest found lesion is mapped."""
    return patients_of("test")[: config["evaluation"]["maps"]["lesions"]]


def gallery_patients():
    """The patient of the gallery, or those to find one among."""
    patient = config["evaluation"]["maps"]["gallery_patient"]
    return [patient] if patient else mapped_patients()


def for_mapped(path):
    """Input function: the path for every test patient with a lesion to map."""

    def paths(wildcards):
        return expand(path, patient=mapped_patients())

    return paths


def for_gallery(path):
    """Input function: the path for every patient that the gallery may show."""

    def paths(wildcards):
        return expand(path, patient=gallery_patients())

    return paths


def less_corrected(path):
    """Input function: the path for every test patient and every lesser correction."""

    def paths(wildcards):
        return expand(
            f"results/motion_effect/{{correction}}/{path}",
            correction=LESS_CORRECTION,
            patient=patients_of("test"),
        )

    return paths


def lesser_registration(wildcards):
    """Settings of motion correction with another method than configured."""
    return {**REGISTRATION, "method": wildcards.correction}


def chosen_reference(wildcards):
    """Reference by the name in the path, or else the configured one."""
    return wildcards.get("reference", config["relevance"]["reference"])


def donor_image(patient):
    """Image of the training patient that stands for a patient's."""
    donors = [name for name in patients_of("train") if name != patient]
    return f"preprocessed/{donors[PATIENTS.index(patient) % len(donors)]}/image.nii"


def donor_of_patient(wildcards):
    """Image of another patient, where the reference needs one."""
    if chosen_reference(wildcards) != "shuffled":
        return []
    correction = wildcards.get("correction")
    results = f"results/motion_effect/{correction}" if correction else "results"
    return f"{results}/{donor_image(wildcards.patient)}"


def donors_for(patients):
    """Input function: images of other patients, where the reference needs them.

    `patients` is a function that gives those they stand for.
    """

    def paths(wildcards):
        if chosen_reference(wildcards) != "shuffled":
            return []
        return [f"results/{donor_image(patient)}" for patient in patients()]

    return paths


def from_other_references(path):
    """Input function: the path for every test patient and every reference but the configured."""

    def paths(wildcards):
        return expand(
            f"results/evaluation/references/{{reference}}/{path}",
            reference=OTHER_REFERENCES,
            patient=patients_of("test"),
        )

    return paths


def known_answer(path):
    """The path, where the phantom has a known answer to compare with."""
    return [path] if ANSWER_KNOWN else []


def what_trains(study):
    """What a network depends on, of a configuration."""
    return {
        "seed": study["seed"],
        "preprocess": study["preprocess"],
        "network": study["network"],
        "training": study["training"],
        "inference": WINDOWS,
    }


def shapley_to_choose_by(wildcards):
    """The validation patients' Shapley values, where these choose the subsets."""
    if config["selection"]["subsets"] != "default":
        return []
    return for_split("validation", "results/evaluation/{patient}/shapley.tsv")(
        wildcards
    )


def for_subsets(path):
    """Input function: the path for every test patient and every subset of the sequences."""

    def paths(wildcards):
        subsets = read_rows(checkpoints.choose_subsets.get().output.subsets)
        return expand(
            f"results/selection/{{subset}}/{path}",
            subset=[row["subset"] for row in subsets],
            patient=patients_of("test"),
        )

    return paths


def sequences_of_subset(wildcards):
    """Sequences of a subset, from its name."""
    return sequences_of(wildcards.subset)


def for_networks(path):
    """Input function: the path for every test patient and every network beside the study's."""

    def paths(wildcards):
        return expand(
            f"results/networks/{{network}}/{path}",
            network=NETWORKS,
            patient=patients_of("test"),
        )

    return paths


def what_trains_network(wildcards):
    """What a network beside the study's depends on."""
    return what_trains(configuration_of_network(config, wildcards.network))


def divisor_of_network(wildcards):
    """The divisor of a network beside the study's."""
    return configuration_of_network(config, wildcards.network)["network"]["divisor"]


def images_of_patient(wildcards):
    """The user's images of one patient, in the order of the sequences."""
    return [DATA / SHEET[wildcards.patient][sequence] for sequence in SEQUENCES]


def label_of_patient(wildcards):
    """The user's lesion label of one patient."""
    return DATA / SHEET[wildcards.patient][LABEL]


def mask_of_patient(wildcards):
    """The user's mask of one patient's organ of interest."""
    return DATA / SHEET[wildcards.patient][MASK]


def stored_mask(wildcards):
    """The imported mask of one patient's organ of interest, if the sheet names any."""
    return [f"results/raw/{wildcards.patient}/mask.nii.gz"] if MASK in COLUMNS else []


def organ_of_patient(wildcards):
    """Mask of one patient's organ on the reference's grid: known of the phantom, else optional."""
    if config["cohort"]["source"] == "phantom":
        return [f"results/raw/{wildcards.patient}/truth/liver.nii.gz"]
    return stored_mask(wildcards)


def true_motion(wildcards):
    """What is known about a phantom patient's motion; other cohorts have no such truth."""
    if config["cohort"]["source"] != "phantom":
        return []
    truth = f"results/raw/{wildcards.patient}/truth"
    return [
        f"{truth}/liver.nii.gz",
        f"{truth}/landmarks.tsv",
        *expand(f"{truth}/displacement_{{sequence}}.nii.gz", sequence=SEQUENCES),
    ]


def true_conspicuity(wildcards):
    """How visible the test patients' lesions truly are; known of the phantom alone."""
    if config["cohort"]["source"] != "phantom":
        return []
    return expand(
        "results/raw/{patient}/truth/conspicuity.tsv", patient=patients_of("test")
    )


def quality_of_cohort(wildcards):
    """The motion tables of all patients, where the split depends on them."""
    if not EXCLUDE_FAILED:
        return []
    return expand("results/motion/{patient}/quality.tsv", patient=PATIENTS)


def first_test_image(wildcards):
    """Preprocessed image of the first test patient."""
    return f"results/preprocessed/{patients_of('test')[0]}/image.nii"


def first_test_label(wildcards):
    """Preprocessed lesion label of the first test patient."""
    return f"results/preprocessed/{patients_of('test')[0]}/label.nii.gz"


def identity(wildcards, input, threads):
    """What the key of the cache must tell beyond what Snakemake puts into it.

    That takes in script, parameters and inputs, but neither wildcards nor which input is which,
    software outside of a container, or the threads among which sums are split. A user's images
    count by their content, wherever they lie. No job runs again for a parameter that follows from
    inputs, so using a cache or not makes no difference to what is finished.
    """
    if not CACHE:
        return None
    return {
        "wildcards": dict(wildcards.items()),
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
    return path if path.startswith("results/") else sha256(path)


def on_failure(wildcards, input):
    """What happens to patients whose registration failed.

    A function of inputs, because a change of mind about the failed leaves all others alone.
    """
    return config["motion"]["on_failure"]


def taken_from_cache(wildcards, input):
    """Number of jobs by rule that came from a cache, as links to it, and never ran here."""
    taken = [
        job.rule.name
        for job in workflow.dag.jobs
        if any(map(os.path.islink, job.output))
        and not benchmark_of(job.log[0]).exists()
    ]
    return {rule: taken.count(rule) for rule in sorted(set(taken))}


def transient_results(wildcards):
    """Paths from results/, with * for wildcards, of what is removed when nothing needs it."""
    paths = [
        re.sub(r"\{[^}]+\}", "*", path)
        for rule in workflow.rules
        for path in rule.output
        if snakemake.io.is_flagged(path, "temp")
    ]
    return [path.removeprefix("results/") for path in sorted(set(paths))] + [
        "*/checkpoint.pt"
    ]


def results_of_target(wildcards):
    """What the target of a record asks for, without its record and what is made from that."""
    asked = getattr(rules, wildcards.get("target", "all")).input
    return [
        path(wildcards) if callable(path) else path
        for path in asked
        if path not in asked.record
    ]
