rule simulate_patient:
    output:
        **one_of_each("image", "{results}/raw/{patient}/{value}.nii.gz", SEQUENCES),
        **one_of_each(
            "displacement",
            "{results}/raw/{patient}/truth/displacement_{value}.nii.gz",
            SEQUENCES,
        ),
        **volume_of_classes("raw"),
        label="{results}/raw/{patient}/label.nii.gz",
        lesions="{results}/raw/{patient}/lesions.tsv",
        liver="{results}/raw/{patient}/truth/liver.nii.gz",
        landmarks="{results}/raw/{patient}/truth/landmarks.tsv",
        all_lesions="{results}/raw/{patient}/truth/lesions.tsv",
        conspicuity="{results}/raw/{patient}/truth/conspicuity.tsv",
    log:
        "{results}/logs/simulate_patient/{patient}.log",
    cache: CACHE
    group:
        group("prepare")
    resources:
        mem_mb=doubling(1000),
    params:
        phantom=parameter("phantom"),
        sequences=SEQUENCES,
        fixed_sequence=parameter("fixed_sequence"),
        seed=parameter("cohort.seed"),
        code=code_version("simulate_patient"),
        identity=identity,
    message:
        "Simulating patient {wildcards.patient}"
    script:
        "../scripts/simulate_patient.py"
