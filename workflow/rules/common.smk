# The plan, made at every parse; file times are brought in line with freshness, so that Snakemake decides right after
# clone, pull, checkout and even a blind --touch.
import os
import re
import sys
import uuid

from snakemake.exceptions import WorkflowError
from snakemake.scheduling.job_scheduler import JobScheduler

from redraw import cluster, invocations, ranks, slots
from redraw.books import adopt
from redraw.core import CHECKOUT_LOCK, PROCESS_SETTINGS, RedrawError, locked
from redraw.fresh import settle
from redraw.payloads import notice
from redraw.plan import Plan

for name, value in {**PROCESS_SETTINGS, "REDRAW_INVOCATION": uuid.uuid4().hex[:8]}.items():
    os.environ.setdefault(name, value)
# `redraw` is found by the interpreter that runs Snakemake, whether or not its folder is on PATH.
os.environ.update(PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)]))


def refuse(mistake):
    """A user's mistake is one line and exit code 2, here as everywhere."""
    print(f"redraw: {mistake}", file=sys.stderr, flush=True)
    os._exit(2)


try:
    PLAN = Plan(config)
    if workflow.is_main_process:  # not in the Snakemake that a scheduler starts per job
        try:
            HELD = locked(CHECKOUT_LOCK, "this checkout", wait=False)
            HELD.__enter__()  # until the process is gone, however it goes
            settle(PLAN)
            if "DVC_STAGE" not in os.environ and (said := notice(PLAN)):  # DVC deletes what a stage makes
                print(f"redraw: {said}", file=sys.stderr)
                if not workflow.output_settings.dryrun:
                    adopt(PLAN)
        except RedrawError as busy:  # a dry run may look on; what it sees may be about to change
            if not workflow.output_settings.dryrun:
                raise
            print(f"redraw: {busy}", file=sys.stderr)
except RedrawError as mistake:
    refuse(mistake)
except OSError as trouble:
    refuse(f"{trouble.filename}: {trouble.strerror}: give this user write access, then run the same command; nothing is lost")


# Snakemake 9.27 looks at all waiting jobs again a second after each look, in case a limit of jobs a second held some back; each
# job that ends begins another such chain, and none ends. Here no such limit holds a job back.
if not workflow.resource_settings.nodes:
    JobScheduler._schedule_reevalutation = lambda scheduler, delay: None


# A GPU for each training, where this machine has some. Under Slurm a profile asks for them and the scheduler hands them out;
# how many the submitting machine has says nothing there.
GPUS = slots.devices() if config["engine"]["device"] != "cpu" and not workflow.resource_settings.nodes else []
if GPUS:
    workflow.global_resources.setdefault("gpu", len(GPUS))


def asked(template):
    """The input function of a rule: upstream records and payloads of the artefact whose record is ``template``."""

    def inputs(wildcards):
        artefact = PLAN.artefacts[template.format(**wildcards)]
        return [*artefact.made_from, *artefact.reads]

    return inputs


def only(stage):
    """A wildcard constraint that matches the runs of one stage and nothing else."""
    names = sorted({re.escape(r.id) for r in PLAN.run.values() if r.stage == stage})
    return "|".join(names) or "(?!)"


RANKED = ranks.columns(PLAN.sheets)


def shown(wildcards):
    """The input function of a page for raters: samples of all methods, and the data set of the real images among them."""
    try:
        return ranks.made_from(PLAN, RANKED[wildcards.column])
    except RedrawError as mistake:
        refuse(mistake)


onstart:
    for folder in ("results", "work", "logs"):
        if os.path.exists(folder) and not os.access(folder, os.W_OK):
            refuse(f"{folder}: read-only: give this user write access, then run the same command; nothing is lost")
    if workflow.executor_plugin.name == "slurm":
        sent = [job.resources for job in workflow.dag.needrun_jobs() if not job.is_local]
        places = {(resources.get("slurm_partition"), resources.get("slurm_account")) for resources in sent}
        try:
            cluster.check(places, workflow.executor_settings.status_command)
        except RedrawError as mistake:
            refuse(mistake)
    if workflow.is_main_process:
        FOLLOWER = invocations.begun(PLAN, workflow.executor_plugin.name)  # held until the process is gone, like the lock


onsuccess:
    if workflow.is_main_process:
        invocations.ended("finished")


onerror:
    if workflow.is_main_process:
        invocations.ended("failed")
