rule correct_motion:
    input:
        images=from_stage("raw/{patient}/{sequence}.nii.gz", sequence=SEQUENCES),
        label=from_stage("raw/{patient}/label.nii.gz"),
        mask=stored_mask,
        truth=true_motion,
    output:
        **one_of_each("image", "{results}/motion/{patient}/{value}.nii.gz", SEQUENCES),
        **one_of_each("transform", "{results}/motion/{patient}/{value}.h5", SEQUENCES),
        **one_of_each(
            "inverse", "{results}/motion/{patient}/{value}_inverse.h5", SEQUENCES
        ),
        coverage="{results}/motion/{patient}/coverage.nii.gz",
        quality="{results}/motion/{patient}/quality.tsv",
    log:
        "{results}/logs/correct_motion/{patient}.log",
    cache: CACHE
    group:
        group("prepare")
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(30),
    params:
        motion=registration,
        sequences=SEQUENCES,
        fixed_sequence=parameter("fixed_sequence"),
        code=code_version("correct_motion"),
        identity=identity,
    message:
        "Correcting motion of patient {wildcards.patient}"
    script:
        "../scripts/correct_motion.py"


rule report_motion:
    input:
        taken=for_each(
            all_patients, "raw/{patient}/{sequence}.nii.gz", sequence=SEQUENCES
        ),
        registered=for_each(
            all_patients, "motion/{patient}/{sequence}.nii.gz", sequence=SEQUENCES
        ),
        quality=for_each(all_patients, "motion/{patient}/quality.tsv"),
    output:
        page=report(
            "{results}/report/motion.html",
            caption="../report/report_motion.rst",
            category="1 Images",
            labels={"result": "Every registration, page"},
        ),
    log:
        "{results}/logs/report_motion.log",
    benchmark:
        "{results}/benchmarks/report_motion.tsv"
    group:
        group("summary")
    resources:
        mem_mb=doubling(1000),
        runtime=doubling(30),
    params:
        # The template's content, not its path: a project that moved has not changed.
        template=sha256(WORKFLOW / "report/motion_page.html"),
        motion=parameter("motion"),
        fixed_sequence=parameter("fixed_sequence"),
        code=code_version("report_motion"),
    message:
        "Writing the page to judge motion correction by"
    script:
        "../scripts/report_motion.py"
