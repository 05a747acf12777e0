rule check_headers:
    input:
        images=files_of_cohort,
    output:
        checked="results/raw/headers.json",
    log:
        "results/logs/check_headers.log",
    benchmark:
        "results/benchmarks/check_headers.tsv"
    # It takes seconds: where the start could not read headers, it comes before any voxel.
    priority: 1
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        fixed_sequence=config["fixed_sequence"],
        nifti_geometry=config["cohort"]["nifti_geometry"],
        spacing_mm=config["preprocess"]["spacing_mm"],
        sheet=SHEET,
        data=os.path.relpath(DATA),
        code=code_version("check_headers"),
    message:
        "Checking the headers of all images"
    script:
        "../scripts/check_headers.py"


rule check_voxels:
    input:
        images=files_of_patient,
    output:
        checked="results/raw/{patient}/checked.tsv",
    log:
        "results/logs/check_voxels/{patient}.log",
    benchmark:
        "results/benchmarks/check_voxels/{patient}.tsv"
    group:
        group("check")
    resources:
        mem_mb=doubling(1000),
    params:
        columns=columns_of_patient,
        parts=parts_of_patient,
        fixed_sequence=config["fixed_sequence"],
        nifti_geometry=config["cohort"]["nifti_geometry"],
        code=code_version("check_voxels"),
    message:
        "Checking the voxels of patient {wildcards.patient}"
    script:
        "../scripts/check_voxels.py"


# A checkpoint, so that the import waits for the check of the whole cohort and yet does not depend
# on it: one patient's new image is no reason to import the others again.
checkpoint check_cohort:
    input:
        headers="results/raw/headers.json",
        checked=expand("results/raw/{patient}/checked.tsv", patient=PATIENTS),
    output:
        checked="results/raw/checked.tsv",
    log:
        "results/logs/check_cohort.log",
    benchmark:
        "results/benchmarks/check_cohort.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        segmentation=LABELS,
        code=code_version("check_cohort"),
    message:
        "Checking the values of all labels, and that no image stands for two"
    script:
        "../scripts/check_cohort.py"


rule import_patient:
    input:
        images=once_checked(images_of_patient),
        label=once_checked(label_of_patient),
    output:
        **one_of_each("image", "{results}/raw/{patient}/{value}.nii.gz", SEQUENCES),
        **volume_of_classes("raw"),
        label="{results}/raw/{patient}/label.nii.gz",
        lesions="{results}/raw/{patient}/lesions.tsv",
        stored="{results}/raw/{patient}/stored.json",
    log:
        "{results}/logs/import_patient/{patient}.log",
    cache: CACHE
    group:
        group("prepare")
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        parts=parts_of_patient,
        fixed_sequence=parameter("fixed_sequence"),
        segmentation=LABELS,
        nifti_geometry=parameter("cohort.nifti_geometry"),
        code=code_version("import_patient"),
        identity=identity,
    message:
        "Importing patient {wildcards.patient}"
    script:
        "../scripts/import_patient.py"


rule import_mask:
    input:
        mask=once_checked(mask_of_patient),
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
        part=part_of_mask,
        nifti_geometry=parameter("cohort.nifti_geometry"),
        code=code_version("import_mask"),
    message:
        "Importing the mask of patient {wildcards.patient}"
    script:
        "../scripts/import_mask.py"
