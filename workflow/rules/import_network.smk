# With network.source: nothing is trained, and the network brings its own preprocessing.


rule import_network:
    input:
        weights=weights_of_network,
    output:
        card="{results}/model/card.json",
    log:
        "{results}/logs/import_network.log",
    benchmark:
        "{results}/benchmarks/import_network.tsv"
    priority: 50
    resources:
        mem_mb=doubling(4000),
    params:
        deployed=deployed,
        channels=parameter("network.channels"),
        sequences=parameter("sequences"),
        code=code_version("import_network"),
    message:
        "Reading the network of {wildcards.results}"
    script:
        "../scripts/import_network.py"


rule prepare_patient:
    input:
        weights=weights_of_network,
        card=from_stage("model/card.json"),
        images=from_stage("motion/{patient}/{sequence}.nii.gz", sequence=SEQUENCES),
        coverage=from_stage("motion/{patient}/coverage.nii.gz"),
        quality=from_stage("motion/{patient}/quality.tsv"),
        label=from_stage("raw/{patient}/label.nii.gz"),
        classes=classes_of_patient("raw"),
        stored=stored_orientation,
    output:
        **volume_of_classes("preprocessed"),
        image="{results}/preprocessed/{patient}/image.nii",
        coverage="{results}/preprocessed/{patient}/coverage.nii.gz",
        label="{results}/preprocessed/{patient}/label.nii.gz",
        channels="{results}/preprocessed/{patient}/channels.json",
    log:
        "{results}/logs/prepare_patient/{patient}.log",
    cache: CACHE
    group:
        group("prepare")
    resources:
        mem_mb=doubling(3000),
    params:
        deployed=prepared_by,
        network_channels=parameter("network.channels"),
        sequences=SEQUENCES,
        fixed_sequence=parameter("fixed_sequence"),
        on_failure=on_failure,
        code=code_version("prepare_patient"),
        identity=identity,
    message:
        "Bringing patient {wildcards.patient} into the network's space"
    script:
        "../scripts/prepare_patient.py"
