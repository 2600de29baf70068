wildcard_constraints:
    dataset="[a-z0-9_]+(/[a-z0-9_]+)*", # a family, its editions, their forms: names.data_folder
    scale="smoke|embedded|study|paper",
    paper="[a-z0-9_]+",
    tokens="[a-z0-9_.]+",


rule download: # on the submitting machine: nodes of a cluster often reach no network
    localrule: True
    priority: 20
    input:
        spec="work/specs/results/data/{dataset}/raw.json",
    output:
        record="results/data/{dataset}/raw.json",
    log:
        "logs/data/{dataset}.download.log",
    benchmark:
        "logs/data/{dataset}.download.tsv"
    shell:
        "redraw download --spec {input.spec} --out {output.record} 2> {log}"


rule prepare: # below scale study a data set is decoded before a second thread has begun
    priority: 20
    threads: 8 if PLAN.scale in ("study", "paper") else 1
    input:
        asked("results/data/{dataset}/manifest.json"),
        spec="work/specs/results/data/{dataset}/manifest.json",
    output:
        record="results/data/{dataset}/manifest.json",
        images="results/data/{dataset}/images.u8",
    log:
        "logs/data/{dataset}.prepare.log",
    benchmark:
        "logs/data/{dataset}.prepare.tsv"
    shell:
        "REDRAW_WORKERS={threads} redraw prepare --spec {input.spec} --out {output.record} 2> {log}"


rule tokenize:
    priority: 20
    input:
        asked("results/data/{dataset}/tokens/{tokens}/record.json"),
        spec="work/specs/results/data/{dataset}/tokens/{tokens}/record.json",
    output:
        record="results/data/{dataset}/tokens/{tokens}/record.json",
        tokens="results/data/{dataset}/tokens/{tokens}/tokens.npz",
    log:
        "logs/data/{dataset}.{tokens}.tokenize.log",
    benchmark:
        "logs/data/{dataset}.{tokens}.tokenize.tsv"
    shell:
        "redraw tokenize --spec {input.spec} --out {output.record} 2> {log}"
