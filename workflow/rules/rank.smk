# Asked for by name alone: no table waits for raters.
rule rank:
    localrule: True
    input:
        shown,
    output: # kept while it is made again: without the key of a page nobody knows what its raters said
        html=update(f"results/rank/{PLAN.scale}/{{column}}/index.html"),
        key=update(f"results/rank/{PLAN.scale}/{{column}}/items.json"),
    wildcard_constraints:
        column="|".join(map(re.escape, RANKED)) or "(?!)",
    params:
        scale=PLAN.scale,
        seeds=PLAN.seeds,
        rows=PLAN.rows,
    log:
        f"logs/{PLAN.scale}/{{column}}.rank.log",
    benchmark:
        f"logs/{PLAN.scale}/{{column}}.rank.tsv"
    shell:
        "redraw rank page {wildcards.column} --scale {params.scale} --seeds {params.seeds} --rows {params.rows} > {log} 2>&1"
