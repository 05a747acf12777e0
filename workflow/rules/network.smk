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
        code=code_version("split_cohort"),
    message:
        "Splitting the cohort into training, validation and test"
    script:
        "../scripts/split_cohort.py"


rule train_network:
    input:
        train_images=for_split("train", "preprocessed/{patient}/image.nii"),
        train_labels=for_split("train", "preprocessed/{patient}/label.nii.gz"),
        validation_images=for_split("validation", "preprocessed/{patient}/image.nii"),
        validation_labels=for_split("validation", "preprocessed/{patient}/label.nii.gz"),
        classes=classes_to_train_on,
    output:
        weights="{results}/model/weights.pt",
        card="{results}/model/card.json",
        history="{results}/model/history.tsv",
    log:
        "{results}/logs/train_network.log",
    cache: CACHE
    # As many as there are, up to what patches of this size can keep busy.
    threads: 16
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(240),
    params:
        configuration=what_trains,
        sequences=parameter("sequences"),
        channels=SEQUENCES,
        segmentation=LABELS,
        code=code_version("train_network"),
        identity=identity,
    message:
        "Training the network of {wildcards.results}"
    script:
        "../scripts/train_network.py"


rule predict_patient:
    input:
        weights=from_stage("model/weights.pt"),
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
        window=parameter("inference.window"),
        overlap=parameter("inference.overlap"),
        divisor=parameter("network.divisor"),
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
