rule import_patient:
    input:
        images=images_of_patient,
        label=label_of_patient,
    output:
        images=expand("results/raw/{{patient}}/{sequence}.nii.gz", sequence=SEQUENCES),
        label="results/raw/{patient}/label.nii.gz",
        lesions="results/raw/{patient}/lesions.tsv",
    log:
        "results/logs/import_patient/{patient}.log",
    benchmark:
        "results/benchmarks/import_patient/{patient}.tsv"
    resources:
        mem_mb=1000,
    params:
        sequences=SEQUENCES,
        reference=REFERENCE,
        code=code_version("import_patient"),
    message:
        "Importing patient {wildcards.patient}"
    script:
        "../scripts/import_patient.py"
