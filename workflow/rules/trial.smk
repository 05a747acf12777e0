# The network of the configuration is tried before images are registered and before it is trained: on one
# machine before any job (`try_networks`), elsewhere by a job of the highest priority. Targets ask for it
# alone. Were it an input of other rules, Snakemake would not see what else has changed for them while a
# trial is due.


rule try_network:
    output:
        tried="{results}/trial/{settings}.json",
    log:
        "{results}/logs/try_network/{settings}.log",
    benchmark:
        "{results}/benchmarks/try_network/{settings}.tsv"
    priority: 100
    # One, so that it need not wait for the others: the priority lets it begin first.
    threads: 1
    resources:
        mem_mb=doubling(4000),
    params:
        # What was tried, and by which code, is told by the name of the output.
        sequences=SEQUENCES,
        project=os.path.relpath(PROJECT),
        kept=trial_kept,
    message:
        "Trying the network of {wildcards.results}"
    script:
        "../scripts/try_network.py"


rule accept_network:
    input:
        tried=trial_of_settings,
    output:
        accepted="{results}/trial/network.json",
    log:
        "{results}/logs/accept_network.log",
    benchmark:
        "{results}/benchmarks/accept_network.tsv"
    priority: 100
    resources:
        mem_mb=doubling(1000),
    params:
        code=code_version("accept_network"),
    message:
        "The network of {wildcards.results} can be trained and explained"
    script:
        "../scripts/accept_network.py"
