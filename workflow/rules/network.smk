checkpoint split_cohort:
    input:
        lesions=for_each(all_patients, "raw/{patient}/lesions.tsv"),
        quality=quality_of_cohort,
    output:
        split="{results}/cohort/split.tsv",
    log:
        "{results}/logs/split_cohort.log",
    benchmark:
        "{results}/benchmarks/split_cohort.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        patients=PATIENTS,
        split=SPLIT,
        subjects=SUBJECTS,
        covariates=COVARIATES,
        incomplete=list(COHORT.incomplete),
        validation_share=parameter("cohort.validation_share"),
        test_share=parameter("cohort.test_share"),
        seed=parameter("cohort.seed"),
        needed=PARTS_NEEDED,
        code=code_version("split_cohort"),
    message:
        "Splitting the cohort into training, validation and test"
    script:
        "../scripts/split_cohort.py"


rule predict_patient:
    input:
        weights=weights_of_network,
        card=from_stage("model/card.json"),
        image=from_stage("preprocessed/{patient}/image.nii"),
        coverage=from_stage("preprocessed/{patient}/coverage.nii.gz"),
        label=from_stage("preprocessed/{patient}/label.nii.gz"),
        channels=from_stage("preprocessed/{patient}/channels.json"),
        classes=classes_of_patient("preprocessed"),
        lesions=from_stage("raw/{patient}/lesions.tsv"),
    output:
        probability="{results}/prediction/{patient}{region}/probability.nii.gz",
        segmentation="{results}/prediction/{patient}{region}/segmentation.nii.gz",
        label="{results}/prediction/{patient}{region}/label.nii.gz",
        regions="{results}/prediction/{patient}{region}/regions.nii.gz",
        lesions="{results}/prediction/{patient}{region}/lesions.tsv",
        scores="{results}/prediction/{patient}{region}/scores.tsv",
    log:
        "{results}/logs/predict_patient/{patient}{region}.log",
    cache: CACHE
    group:
        group("explain")
    resources:
        mem_mb=doubling(2000),
    params:
        deployed=deployed,
        lesion_overlap=parameter("inference.lesion_overlap"),
        sequences=parameter("sequences"),
        segmentation=parameter("segmentation"),
        region=explained_region,
        code=code_version("predict_patient"),
        identity=identity,
    message:
        "Segmenting patient {wildcards.patient}"
    script:
        "../scripts/predict_patient.py"
