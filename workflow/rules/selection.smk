# Networks trained on fewer sequences, each rule of them one of the study's with other paths, and
# what they lose. Not part of `all`; ask for the target `select`.


checkpoint choose_subsets:
    input:
        shapley=shapley_to_choose_by,
    output:
        subsets="results/selection/subsets.tsv",
    log:
        "results/logs/choose_subsets.log",
    benchmark:
        "results/benchmarks/choose_subsets.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        subsets=config["selection"]["subsets"],
        sequences=SEQUENCES,
        code=code_version("choose_subsets"),
    message:
        "Choosing the subsets of the sequences to train on"
    script:
        "../scripts/choose_subsets.py"


use rule train_network as train_network_subset with:
    output:
        weights="results/selection/{subset}/model/weights.pt",
        card="results/selection/{subset}/model/card.json",
        history="results/selection/{subset}/model/history.tsv",
    log:
        "results/logs/train_network_subset/{subset}.log",
    cache: CACHE
    params:
        sequences=sequences_of_subset,
    message:
        "Training the network on {wildcards.subset} alone"


use rule predict_patient as predict_patient_subset with:
    input:
        weights="results/selection/{subset}/model/weights.pt",
        card="results/selection/{subset}/model/card.json",
        image="results/preprocessed/{patient}/image.nii",
        label="results/preprocessed/{patient}/label.nii.gz",
        channels="results/preprocessed/{patient}/channels.json",
        lesions="results/raw/{patient}/lesions.tsv",
    output:
        probability=temp(
            "results/selection/{subset}/prediction/{patient}/probability.nii.gz"
        ),
        segmentation="results/selection/{subset}/prediction/{patient}/segmentation.nii.gz",
        regions=temp("results/selection/{subset}/prediction/{patient}/regions.nii.gz"),
        lesions="results/selection/{subset}/prediction/{patient}/lesions.tsv",
        scores="results/selection/{subset}/prediction/{patient}/scores.tsv",
    log:
        "results/logs/predict_patient_subset/{subset}/{patient}.log",
    cache: CACHE
    params:
        sequences=sequences_of_subset,
    message:
        "Segmenting patient {wildcards.patient} from {wildcards.subset} alone"


rule compare_subsets:
    input:
        subsets="results/selection/subsets.tsv",
        scores="results/summary/scores.tsv",
        lesions="results/summary/lesions.tsv",
        scores_subset=for_subsets("prediction/{patient}/scores.tsv"),
        lesions_subset=for_subsets("prediction/{patient}/lesions.tsv"),
    output:
        selection=report(
            "results/summary/selection.tsv",
            caption="../report/selection_table.rst",
            category="7 Which sequences can be left out",
            labels={"result": "Shorter protocols, table"},
        ),
        scores="results/summary/selection_scores.tsv",
        verdict=report(
            "results/summary/selection_verdict.tsv",
            caption="../report/selection_verdict.rst",
            category="7 Which sequences can be left out",
            labels={"result": "Verdict"},
        ),
        provenance=multiext(
            "results/summary/",
            "selection.json",
            "selection_scores.json",
            "selection_verdict.json",
        ),
    log:
        "results/logs/compare_subsets.log",
    benchmark:
        "results/benchmarks/compare_subsets.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        margin_dice=config["selection"]["margin_dice"],
        margin_sensitivity=config["selection"]["margin_sensitivity"],
        minutes=config["selection"]["acquisition_minutes"],
        sequences=SEQUENCES,
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("compare_subsets"),
    message:
        "Testing whether shorter protocols are as good as the full one"
    script:
        "../scripts/compare_subsets.py"


rule relate_losses:
    input:
        relevance="results/summary/relevance.tsv",
        ablation="results/summary/ablation.tsv",
        scores="results/summary/selection_scores.tsv",
    output:
        values="results/summary/droppability_values.tsv",
        agreement=report(
            "results/summary/droppability.tsv",
            caption="../report/droppability_table.rst",
            category="7 Which sequences can be left out",
            labels={"result": "Did relevance predict it, table"},
        ),
        verdict=report(
            "results/summary/droppability_verdict.tsv",
            caption="../report/droppability_verdict.rst",
            category="7 Which sequences can be left out",
            labels={"result": "Did relevance predict it, verdict"},
        ),
        provenance=multiext(
            "results/summary/",
            "droppability_values.json",
            "droppability.json",
            "droppability_verdict.json",
        ),
    log:
        "results/logs/relate_losses.log",
    benchmark:
        "results/benchmarks/relate_losses.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        summary=config["summary"],
        seed=config["seed"],
        code=code_version("relate_losses"),
    message:
        "Asking whether relevance predicted what leaving a sequence out costs"
    script:
        "../scripts/relate_losses.py"


rule plot_selection:
    input:
        selection="results/summary/selection.tsv",
    output:
        png=report(
            "results/figures/selection.png",
            caption="../report/selection.rst",
            category="7 Which sequences can be left out",
            labels={"result": "How many sequences are needed"},
        ),
        vector=multiext("results/figures/selection", ".svg", ".pdf"),
    log:
        "results/logs/plot_selection.log",
    benchmark:
        "results/benchmarks/plot_selection.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_selection"),
    message:
        "Drawing performance against the number of sequences"
    script:
        "../scripts/plot_selection.py"


rule plot_protocols:
    input:
        selection="results/summary/selection.tsv",
    output:
        png=report(
            "results/figures/protocols.png",
            caption="../report/protocols.rst",
            category="7 Which sequences can be left out",
            labels={"result": "Every shorter protocol"},
        ),
        vector=multiext("results/figures/protocols", ".svg", ".pdf"),
    log:
        "results/logs/plot_protocols.log",
    benchmark:
        "results/benchmarks/plot_protocols.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_protocols"),
    message:
        "Drawing every shorter protocol beside the full one"
    script:
        "../scripts/plot_protocols.py"


rule plot_droppability:
    input:
        values="results/summary/droppability_values.tsv",
        agreement="results/summary/droppability.tsv",
    output:
        png=report(
            "results/figures/droppability.png",
            caption="../report/droppability.rst",
            category="7 Which sequences can be left out",
            labels={"result": "Did relevance predict it?"},
        ),
        vector=multiext("results/figures/droppability", ".svg", ".pdf"),
    log:
        "results/logs/plot_droppability.log",
    benchmark:
        "results/benchmarks/plot_droppability.tsv"
    resources:
        mem_mb=doubling(1000),
    params:
        sequences=SEQUENCES,
        code=code_version("plot_droppability"),
    message:
        "Drawing relevance against what leaving a sequence out costs"
    script:
        "../scripts/plot_droppability.py"
