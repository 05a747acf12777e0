rule preprocess_patient:
    input:
        images=from_stage("motion/{patient}/{sequence}.nii.gz", sequence=SEQUENCES),
        coverage=from_stage("motion/{patient}/coverage.nii.gz"),
        quality=from_stage("motion/{patient}/quality.tsv"),
        label=from_stage("raw/{patient}/label.nii.gz"),
        classes=classes_of_patient("raw"),
    output:
        **volume_of_classes("preprocessed"),
        image="{results}/preprocessed/{patient}/image.nii",
        coverage="{results}/preprocessed/{patient}/coverage.nii.gz",
        label="{results}/preprocessed/{patient}/label.nii.gz",
        channels="{results}/preprocessed/{patient}/channels.json",
    log:
        "{results}/logs/preprocess_patient/{patient}.log",
    cache: CACHE
    group:
        group("prepare")
    resources:
        mem_mb=doubling(1000),
    params:
        preprocess=parameter("preprocess"),
        sequences=SEQUENCES,
        fixed_sequence=parameter("fixed_sequence"),
        on_failure=on_failure,
        code=code_version("preprocess_patient"),
        identity=identity,
    message:
        "Preprocessing patient {wildcards.patient}"
    script:
        "../scripts/preprocess_patient.py"
