rule preprocess_patient:
    input:
        images=expand(
            "results/motion/{{patient}}/{sequence}.nii.gz", sequence=SEQUENCES
        ),
        quality="results/motion/{patient}/quality.tsv",
        label="results/raw/{patient}/label.nii.gz",
    output:
        image="results/preprocessed/{patient}/image.nii",
        label="results/preprocessed/{patient}/label.nii.gz",
        channels="results/preprocessed/{patient}/channels.json",
    log:
        "results/logs/preprocess_patient/{patient}.log",
    cache: CACHE
    resources:
        mem_mb=doubling(1000),
    params:
        preprocess=config["preprocess"],
        sequences=SEQUENCES,
        reference=REFERENCE,
        on_failure=on_failure,
        code=code_version("preprocess_patient"),
        identity=identity,
    message:
        "Preprocessing patient {wildcards.patient}"
    script:
        "../scripts/preprocess_patient.py"
