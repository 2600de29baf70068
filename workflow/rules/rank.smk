# Pages for raters: asked for by name alone, no table waits for one.
RANKED = ranks.columns(PLAN.sheets)


def ranked(wildcards):
    """The input function: the samples that are shown, and the data set of the real images among them."""
    try:
        return ranks.made_from(PLAN, RANKED[wildcards.column])
    except RedrawError as mistake:
        refuse(mistake)


rule rank:
    localrule: True
    input:
        ranked,
    output:
        html=f"results/rank/{PLAN.scale}/{{column}}/index.html",
        items=f"results/rank/{PLAN.scale}/{{column}}/items.json",
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
