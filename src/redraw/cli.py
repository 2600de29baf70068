"""The command line: redraw VERB. A user's mistake is one line on stderr and exit code 2, never a traceback."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .core import PROCESS_SETTINGS, Interrupted, RedrawError
from .rater import verbs as rank

MAKERS = {
    "download": "raw files of a data set, fetched or drawn, each with its hash",
    "prepare": "raw files -> arrays and a manifest",
    "tokenize": "captions -> token ids and a vocabulary",
    "pretrain": "train an encoder or an instrument",
    "train": "train a run, or export what was trained before",
    "convert": "weights that authors released -> a run's model",
    "sample": "draw a run's samples and let the instruments read them",
    "metrics": "arrays -> scores",
    "table": "scores -> a paper's tables",
    "gallery": "what stands in for data sets that no table needs",
    "index": "all papers' tables -> index page, audit, cells.csv",
}
BY_PEOPLE = {"metrics": " or --images: a folder of anybody's images", "download": " or NAME: a data set or weights"}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="redraw",
        description="Retrain, sample, score and audit the papers that taught machines to draw from captions.",
    )
    sub = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, what in MAKERS.items():
        p = sub.add_parser(verb, help=f"{what} (called by the workflow){BY_PEOPLE.get(verb, '')}")
        p.add_argument("--spec", required=verb not in BY_PEOPLE, help="spec file that the workflow wrote")
        p.add_argument("--out", required=verb not in BY_PEOPLE, help="record to write")
        if verb == "metrics":
            _of_folders(p)
        if verb == "download":
            p.add_argument(
                "names", nargs="*", metavar="NAME", help="a data set, weights, or one file of it: cub/images"
            )
            p.add_argument(
                "--accept", action="append", default=[], metavar="NAME", help="show its terms and accept them"
            )
    p = sub.add_parser("import", help="bring weights that authors released: a run of theirs, scored as all others")
    p.add_argument(
        "run", nargs="?", help="a run, e.g. attngan/released_birds; without: which there are, and their files"
    )
    p.add_argument("files", nargs="*", metavar="ROLE=FILE", help="e.g. generator=bird_AttnGAN2.pth")
    p.add_argument("--json", action="store_true", help="for programs")
    p = sub.add_parser("datasets", help="every data set and all weights: who needs them, size, terms, what is here")
    p.add_argument("--json", action="store_true", help="for programs")
    p = sub.add_parser(
        "plan", help="what params.yaml asks for: cost, disk and missing files per table, or one run resolved"
    )
    p.add_argument("run", nargs="?", help="a run, e.g. ved/kind4.s0: its values, each with its origin")
    _overrides(p)
    p = sub.add_parser("explain", help="the lineage of a table's cell")
    p.add_argument("cell", help="cell id as in cells.csv")
    _overrides(p)
    p = sub.add_parser(
        "audit", help="anybody's results table, a YAML file: is it possible, does it agree, do its claims hold?"
    )
    p.add_argument("table", type=Path, help="the table, see docs/audit.md")
    p.add_argument("--out", type=Path, help="FILE.md, .html, .json or .csv; without: Markdown to standard output")
    p = sub.add_parser("finding", help="what was found of printed numbers and code; with VED-1: its demonstration")
    p.add_argument("id", nargs="?", help="a finding; without: all of them, with their severity")
    p.add_argument("--json", action="store_true", help="for programs")
    rank.add(sub)
    p = sub.add_parser("retrain", help="forget a run's training on purpose, so that the next workflow call trains it")
    p.add_argument("run")
    _overrides(p)
    p = sub.add_parser("reference", help="copy the finished tables to docs/reference (called by the workflow)")
    p.add_argument("--scale", required=True)
    sub.add_parser("record", help="give the present results to DVC, if they are what params.yaml asks for")
    p = sub.add_parser("clean", help="show training state and cached samples that params.yaml has no more use for")
    p.add_argument("--yes", action="store_true", help="remove them")
    p = sub.add_parser("track", help="show what the spool holds in MLflow (see `make mlflow`)")
    p.add_argument("--follow", action="store_true", help="go on until standard input ends (called by the workflow)")
    for verb, what in (("push", "give recorded results to DVC's remote"), ("pull", "get them from there, checked")):
        p = sub.add_parser(verb, help=what)
        p.add_argument("--remote", help="another than DVC's default")
    p = sub.add_parser("stage", help="what a stage of dvc.yaml runs")
    p.add_argument("name", help="runs, data/<dataset> or a paper")
    sub.add_parser("settle", help="write spec files and say which results are current")
    return top


def _of_folders(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--images", type=Path, help="folder of images to score, framed as a model's own, in the order of their paths"
    )
    p.add_argument("--captions", type=Path, help="a line an image, in that order or as path<TAB>caption")
    p.add_argument("--reference", type=Path, help="folder of real images, in place of the data set's own")
    p.add_argument("--protocol", help="an evaluation of a sheet, e.g. gan_int_cls/inception_score")
    p.add_argument("--scale", help="whose instruments read the images; instead of the scale in params.yaml")
    p.add_argument("--json", action="store_true", help="for programs")


def _overrides(p: argparse.ArgumentParser) -> None:
    p.add_argument("--scale", help="instead of the scale in params.yaml")
    p.add_argument("--seeds", type=int, help="instead of seeds in params.yaml")
    p.add_argument("--rows", help="headline, all, or papers; instead of rows in params.yaml")
    p.add_argument("--json", action="store_true", help="for programs")


def main(arguments: Sequence[str] | None = None) -> int:
    for name, value in PROCESS_SETTINGS.items():
        os.environ.setdefault(name, value)
    a = parser().parse_args(arguments)
    try:
        return _do(a)
    except RedrawError as e:
        print(f"redraw: {e}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `redraw plan | head`
        sys.stderr.close()
        return 0


def _do(a: argparse.Namespace) -> int:
    if a.verb == "metrics" and not (a.spec and a.out and not (a.images or a.protocol)):
        from . import commands

        return commands.score_folder(a)
    if a.verb == "download" and not (a.spec and a.out and not (a.names or a.accept)):
        from . import commands

        return commands.download(a)
    if a.verb in MAKERS:
        from . import jobs

        try:
            jobs.run(a.verb, a.spec, a.out)
        except Interrupted as e:
            print(f"redraw: {e}", file=sys.stderr)
            return e.code
        return 0
    if a.verb == "import":
        from . import imports

        lines, value = imports.bring(a.run, a.files) if a.run else imports.listed()
        print(json.dumps(value, indent=1, ensure_ascii=False) if a.json else "\n".join(lines))
        return 0
    if a.verb in ("plan", "explain", "finding", "datasets"):
        from . import answers, catalogue, findings

        if a.verb == "datasets":
            lines, value = catalogue.catalogue()
        elif a.verb == "finding":
            lines, value = findings.shown(a.id) if a.id else findings.listed()
        else:
            plan = answers.planned(a.scale, a.seeds, a.rows)
            lines, value = answers.explain(plan, a.cell) if a.verb == "explain" else answers.plan(plan, a.run)
        print(json.dumps(value, indent=1, ensure_ascii=False) if getattr(a, "json", False) else "\n".join(lines))
        return 0
    if a.verb == "audit":
        from .report.given_pages import audited

        print(audited(a.table, a.out), end="")
        return 0
    if a.verb == "rank":
        return rank.do(a)
    if a.verb == "clean":
        from . import commands

        commands.clean(a.yes)
        return 0
    if a.verb == "track":
        from . import track

        track.follow() if a.follow else track.once()
        return 0
    if a.verb in ("push", "pull"):
        from . import remotes

        getattr(remotes, a.verb)(a.remote)
        return 0
    from . import books

    if a.verb == "retrain":
        from .answers import planned

        books.retrain(planned(a.scale, a.seeds, a.rows), a.run)
    elif a.verb == "reference":
        from .reference import reference

        reference(Path(f"results/tables/{a.scale}"), Path("docs/reference"))
    elif a.verb == "stage":
        return books.stage(a.name)
    elif a.verb == "record":
        books.record()
    else:
        books.settle()
    return 0
