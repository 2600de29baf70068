rule table:
    localrule: True
    input:
        asked("results/tables/{scale}/{paper}.json"),
        spec="work/specs/results/tables/{scale}/{paper}.json",
    output:
        record="results/tables/{scale}/{paper}.json",
        md=report("results/tables/{scale}/{paper}.md", caption="../report/paper.rst", category="Papers"),
        csv="results/tables/{scale}/{paper}.csv",
        html=report("results/tables/{scale}/{paper}.html", caption="../report/paper.rst", category="Papers"),
        tex="results/tables/{scale}/{paper}.tex",
        numbers="results/tables/{scale}/compare/{paper}.json",
        curves="results/tables/{scale}/compare/{paper}.csv",
        samples="results/tables/{scale}/compare/{paper}.png",
    wildcard_constraints:
        paper="|".join(PLAN.sheets),
    log:
        "logs/{scale}/{paper}.table.log",
    benchmark:
        "logs/{scale}/{paper}.table.tsv"
    shell:
        "redraw table --spec {input.spec} --out {output.record} 2> {log}"


rule gallery: # what stands in for the data sets that no table of this scale needs
    localrule: True
    input:
        spec="work/specs/results/tables/{scale}/stand_ins.json",
    output:
        record="results/tables/{scale}/stand_ins.json",
    log:
        "logs/{scale}/gallery.log",
    benchmark:
        "logs/{scale}/gallery.tsv"
    shell:
        "redraw gallery --spec {input.spec} --out {output.record} 2> {log}"


rule index:
    localrule: True
    input:
        asked("results/tables/{scale}/index.json"),
        spec="work/specs/results/tables/{scale}/index.json",
    output:
        record="results/tables/{scale}/index.json",
        html=report("results/tables/{scale}/index.html", caption="../report/index.rst", category="Index"),
        md="results/tables/{scale}/index.md",
        audit_md=report("results/tables/{scale}/audit.md", caption="../report/audit.rst", category="Index"),
        audit="results/tables/{scale}/audit.json",
        schema="results/tables/{scale}/audit.schema.json",
        cells="results/tables/{scale}/cells.csv",
        claims="results/tables/{scale}/claims.csv",
        tex="results/tables/{scale}/tables.tex",
        resolved="results/tables/{scale}/resolved.json",
    log:
        "logs/{scale}/index.log",
    benchmark:
        "logs/{scale}/index.tsv"
    shell:
        "redraw index --spec {input.spec} --out {output.record} 2> {log}"


rule:  # the target exactly as the user types it
    name:
        "results/tables"
    input:
        PLAN.index,
        [PLAN.table(paper) for paper in PLAN.sheets],
    default_target: True


rule reference:  # the committed copy of the tables, with the commit and the machine that made them
    name:
        "docs/reference"
    localrule: True
    input:
        PLAN.index,
        [PLAN.table(paper) for paper in PLAN.sheets],
    log:
        "logs/reference.log",
    params:
        scale=PLAN.scale,
    shell:
        "redraw reference --scale {params.scale} 2> {log}"
