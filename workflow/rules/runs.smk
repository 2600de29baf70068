# A scheduler's signal reaches all processes of a job. `exec`: a shell between would die of it at once, and with the shell gone
# the training would be killed while it saves.
rule pretrain:
    priority: 10
    input:
        asked("results/{scale}/runs/{run}/manifest.json"),
        spec="work/specs/results/{scale}/runs/{run}/manifest.json",
    output:
        record="results/{scale}/runs/{run}/manifest.json",
        model="results/{scale}/runs/{run}/model.pt",
        curves="results/{scale}/runs/{run}/curves.json",
    wildcard_constraints:
        run=only("pretrain"),
    log:
        "logs/{scale}/{run}.pretrain.log",
    benchmark:
        "logs/{scale}/{run}.pretrain.tsv"
    threads: config["engine"]["threads"]
    resources:
        gpu=1 if GPUS else 0,
    shell:
        "exec redraw pretrain --spec {input.spec} --out {output.record} 2> {log}"


rule train:
    input:
        asked("results/{scale}/runs/{run}/manifest.json"),
        spec="work/specs/results/{scale}/runs/{run}/manifest.json",
    output:
        record="results/{scale}/runs/{run}/manifest.json",
        model="results/{scale}/runs/{run}/model.pt",
        curves="results/{scale}/runs/{run}/curves.json",
    wildcard_constraints:
        run=only("train"),
    log:
        "logs/{scale}/{run}.train.log",
    benchmark:
        "logs/{scale}/{run}.train.tsv"
    threads: config["engine"]["threads"]
    resources:
        gpu=1 if GPUS else 0,
    shell:
        "exec redraw train --spec {input.spec} --out {output.record} 2> {log}"


rule convert:
    input:
        asked("results/{scale}/runs/{run}/manifest.json"),
        spec="work/specs/results/{scale}/runs/{run}/manifest.json",
    output:
        record="results/{scale}/runs/{run}/manifest.json",
        model="results/{scale}/runs/{run}/model.pt",
        curves="results/{scale}/runs/{run}/curves.json",
    wildcard_constraints:
        run=only("import"),
    log:
        "logs/{scale}/{run}.convert.log",
    shell:
        "redraw convert --spec {input.spec} --out {output.record} 2> {log}"


rule sample:
    input:
        asked("results/{scale}/runs/{run}/samples.json"),
        spec="work/specs/results/{scale}/runs/{run}/samples.json",
    output:
        record="results/{scale}/runs/{run}/samples.json",
        samples="results/{scale}/runs/{run}/samples.npz",
        arrays="results/{scale}/runs/{run}/items.npz",
    wildcard_constraints:
        run="[^/]+/[^/]+",
    log:
        "logs/{scale}/{run}.sample.log",
    benchmark:
        "logs/{scale}/{run}.sample.tsv"
    threads: config["engine"]["threads"]
    resources:
        gpu=1 if GPUS else 0,
    shell:
        "redraw sample --spec {input.spec} --out {output.record} 2> {log}"


rule metrics:
    input:
        asked("results/{scale}/runs/{run}/scores.json"),
        spec="work/specs/results/{scale}/runs/{run}/scores.json",
    output:
        record="results/{scale}/runs/{run}/scores.json",
    wildcard_constraints:
        run="[^/]+/[^/]+",
    log:
        "logs/{scale}/{run}.metrics.log",
    benchmark:
        "logs/{scale}/{run}.metrics.tsv"
    shell:
        "redraw metrics --spec {input.spec} --out {output.record} 2> {log}"
