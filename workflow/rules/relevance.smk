rule compute_relevance:
    input:
        weights=weights_of_network,
        card=from_stage("model/card.json"),
        image=from_stage("preprocessed/{patient}/image.nii"),
        coverage=from_stage("preprocessed/{patient}/coverage.nii.gz"),
        label=from_stage("prediction/{patient}{region}/label.nii.gz"),
        channels=from_stage("preprocessed/{patient}/channels.json"),
        regions=from_stage("prediction/{patient}{region}/regions.nii.gz"),
        lesions=from_stage("prediction/{patient}{region}/lesions.tsv"),
        segmentation=from_stage("prediction/{patient}{region}/segmentation.nii.gz"),
        donor=donor_of_patient,
        organ=organ_of_patient,
    output:
        # A folder for each composite; which there are may differ between variants.
        volumes=directory("{results}/relevance/{patient}{region}/volumes"),
        table="{results}/relevance/{patient}{region}/relevance.tsv",
        context="{results}/relevance/{patient}{region}/context.tsv",
        contrast="{results}/relevance/{patient}{region}/contrast.tsv",
    log:
        "{results}/logs/compute_relevance/{patient}{region}.log",
    cache: CACHE
    group:
        group("explain")
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(60),
    params:
        relevance=parameter("relevance"),
        deployed=deployed,
        sequences=parameter("sequences"),
        segmentation=parameter("segmentation"),
        region=explained_region,
        code=code_version("compute_relevance"),
        identity=identity,
    message:
        "Computing the relevance of every sequence in patient {wildcards.patient}"
    script:
        "../scripts/compute_relevance.py"
