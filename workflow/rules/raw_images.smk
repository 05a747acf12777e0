# Before anything else: a value must have the same meaning in all patients.
rule check_labels:
    input:
        labels=labels_of_cohort,
    output:
        values="{results}/raw/label_values.tsv",
    log:
        "{results}/logs/check_labels.log",
    benchmark:
        "{results}/benchmarks/check_labels.tsv"
    threads: 4
    resources:
        mem_mb=doubling(2000),
    params:
        patients=PATIENTS,
        segmentation=LABELS,
        code=code_version("check_labels"),
    message:
        "Checking the values of all labels"
    script:
        "../scripts/check_labels.py"


rule import_patient:
    input:
        # A new patient does not import all others again.
        values=ancient(from_stage("raw/label_values.tsv")),
        images=images_of_patient,
        label=label_of_patient,
    output:
        **one_of_each("image", "{results}/raw/{patient}/{value}.nii.gz", SEQUENCES),
        **volume_of_classes("raw"),
        label="{results}/raw/{patient}/label.nii.gz",
        lesions="{results}/raw/{patient}/lesions.tsv",
    log:
        "{results}/logs/import_patient/{patient}.log",
    cache: CACHE
    group:
        group("prepare")
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        fixed_sequence=parameter("fixed_sequence"),
        segmentation=LABELS,
        code=code_version("import_patient"),
        identity=identity,
    message:
        "Importing patient {wildcards.patient}"
    script:
        "../scripts/import_patient.py"


rule import_mask:
    input:
        mask=mask_of_patient,
        fixed=fixed_image,
    output:
        mask="{results}/raw/{patient}/mask.nii.gz",
    log:
        "{results}/logs/import_mask/{patient}.log",
    benchmark:
        "{results}/benchmarks/import_mask/{patient}.tsv"
    group:
        group("prepare")
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("import_mask"),
    message:
        "Importing the mask of patient {wildcards.patient}"
    script:
        "../scripts/import_mask.py"
