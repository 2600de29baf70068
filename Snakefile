# The DAG of record. A rule is one verb of `redraw`; what is asked for comes from params.yaml and the papers' sheets.
from snakemake.utils import min_version

min_version("9.20")


configfile: "params.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/rank.smk"
