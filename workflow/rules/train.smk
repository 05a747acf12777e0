# With network.source null.


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
