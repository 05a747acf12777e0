# Other networks on the study's images, each rule of them one of the study's with other paths. Not
# part of `all`; ask for the target `networks`.


use rule train_network as train_network_other with:
    output:
        weights="results/networks/{network}/model/weights.pt",
        card="results/networks/{network}/model/card.json",
        history="results/networks/{network}/model/history.tsv",
    log:
        "results/logs/train_network_other/{network}.log",
    cache: CACHE
    params:
        configuration=what_trains_network,
    message:
        "Training network {wildcards.network}"


use rule predict_patient as predict_patient_other with:
    input:
        weights="results/networks/{network}/model/weights.pt",
        card="results/networks/{network}/model/card.json",
        image="results/preprocessed/{patient}/image.nii",
        label="results/preprocessed/{patient}/label.nii.gz",
        channels="results/preprocessed/{patient}/channels.json",
        lesions="results/raw/{patient}/lesions.tsv",
    output:
        probability=temp(
            "results/networks/{network}/prediction/{patient}/probability.nii.gz"
        ),
        segmentation="results/networks/{network}/prediction/{patient}/segmentation.nii.gz",
        regions="results/networks/{network}/prediction/{patient}/regions.nii.gz",
        lesions="results/networks/{network}/prediction/{patient}/lesions.tsv",
        scores="results/networks/{network}/prediction/{patient}/scores.tsv",
    log:
        "results/logs/predict_patient_other/{network}/{patient}.log",
    cache: CACHE
    params:
        divisor=divisor_of_network,
    message:
        "Segmenting patient {wildcards.patient} by network {wildcards.network}"


use rule relate_patient as relate_patient_other with:
    input:
        weights="results/networks/{network}/model/weights.pt",
        card="results/networks/{network}/model/card.json",
        image="results/preprocessed/{patient}/image.nii",
        label="results/preprocessed/{patient}/label.nii.gz",
        regions="results/networks/{network}/prediction/{patient}/regions.nii.gz",
        lesions="results/networks/{network}/prediction/{patient}/lesions.tsv",
        segmentation="results/networks/{network}/prediction/{patient}/segmentation.nii.gz",
        donor=donor_of_patient,
        organ=organ_of_patient,
    output:
        table="results/networks/{network}/relevance/{patient}/relevance.tsv",
        context="results/networks/{network}/relevance/{patient}/context.tsv",
        contrast="results/networks/{network}/relevance/{patient}/contrast.tsv",
        volumes=temp(
            directory(
                f"results/networks/{{network}}/relevance/{{patient}}/{config['figures']['composite']}"
            )
        ),
    log:
        "results/logs/relate_patient_other/{network}/{patient}.log",
    cache: CACHE
    params:
        relevance=config["relevance"] | {"composites": [config["figures"]["composite"]]},
        divisor=divisor_of_network,
    message:
        "Relating patient {wildcards.patient}'s segmentation by network {wildcards.network}"


use rule measure_shapley as measure_shapley_other with:
    input:
        weights="results/networks/{network}/model/weights.pt",
        card="results/networks/{network}/model/card.json",
        image="results/preprocessed/{patient}/image.nii",
        label="results/preprocessed/{patient}/label.nii.gz",
        regions="results/networks/{network}/prediction/{patient}/regions.nii.gz",
        lesions="results/networks/{network}/prediction/{patient}/lesions.tsv",
        segmentation="results/networks/{network}/prediction/{patient}/segmentation.nii.gz",
        donor=donor_of_patient,
    output:
        table="results/networks/{network}/evaluation/{patient}/shapley.tsv",
        volume=temp("results/networks/{network}/evaluation/{patient}/shapley.nii.gz"),
        occlusion="results/networks/{network}/evaluation/{patient}/occlusion.tsv",
        ablation="results/networks/{network}/evaluation/{patient}/ablation.tsv",
        targets="results/networks/{network}/evaluation/{patient}/targets.tsv",
    log:
        "results/logs/measure_shapley_other/{network}/{patient}.log",
    cache: CACHE
    params:
        divisor=divisor_of_network,
    message:
        "Measuring the sequences of patient {wildcards.patient} in network {wildcards.network}"


rule compare_networks:
    input:
        scores="results/summary/scores.tsv",
        lesions="results/summary/lesions.tsv",
        relevance="results/summary/relevance.tsv",
        scores_other=for_networks("prediction/{patient}/scores.tsv"),
        lesions_other=for_networks("prediction/{patient}/lesions.tsv"),
        relevance_other=for_networks("relevance/{patient}/relevance.tsv"),
        shapley_other=for_networks("evaluation/{patient}/shapley.tsv"),
    output:
        values=report(
            "results/summary/networks.tsv",
            caption="../report/networks_table.rst",
            category="7 Which sequences can be left out",
            labels={"result": "Other networks, table"},
        ),
        agreement=report(
            "results/summary/networks_agreement.tsv",
            caption="../report/networks_agreement_table.rst",
            category="7 Which sequences can be left out",
            labels={"result": "Agreement of networks, table"},
        ),
        verdict=report(
            "results/summary/networks_verdict.tsv",
            caption="../report/networks_verdict.rst",
            category="7 Which sequences can be left out",
            labels={"result": "Other networks, verdict"},
        ),
        provenance=multiext(
            "results/summary/",
            "networks.json",
            "networks_agreement.json",
            "networks_verdict.json",
        ),
    log:
        "results/logs/compare_networks.log",
    benchmark:
        "results/benchmarks/compare_networks.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        networks=config["comparison"]["networks"],
        composite=config["figures"]["composite"],
        margin=config["selection"]["margin_dice"],
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("compare_networks"),
    message:
        "Comparing networks: are they as good, do they look at the same sequences?"
    script:
        "../scripts/compare_networks.py"


rule plot_networks:
    input:
        values="results/summary/networks.tsv",
        agreement="results/summary/networks_agreement.tsv",
        verdict="results/summary/networks_verdict.tsv",
    output:
        png=report(
            "results/figures/networks.png",
            caption="../report/networks.rst",
            category="7 Which sequences can be left out",
            labels={"result": "Do other networks look at the same?"},
        ),
        vector=multiext("results/figures/networks", ".svg", ".pdf"),
    log:
        "results/logs/plot_networks.log",
    benchmark:
        "results/benchmarks/plot_networks.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_networks"),
    message:
        "Drawing networks side by side"
    script:
        "../scripts/plot_networks.py"
