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
    benchmark:
        "results/benchmarks/preprocess_patient/{patient}.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        preprocess=config["preprocess"],
        sequences=SEQUENCES,
        reference=REFERENCE,
        code=code_version("preprocess_patient"),
    message:
        "Preprocessing patient {wildcards.patient}"
    script:
        "../scripts/preprocess_patient.py"
