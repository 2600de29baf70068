"""A copy of the checkout in a folder of its own, small enough to run the whole DAG in a test, with a toy paper added."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from redraw.names import family
from redraw.sheets import read_yaml
from redraw.tracking import events

ROOT = Path(__file__).parents[1]


class Desk:
    """A copy of the project with its own git and DVC. Snakemake and DVC run there, on the copy's code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            **os.environ,
            "PYTHONPATH": str(folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "",
            "REDRAW_TRACKING": "off",  # tests/test_mlflow.py turns it on
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
        }

    @classmethod
    def new(cls, folder: Path, toy: bool = True) -> Desk:
        files = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in filter(None, files.stdout.split("\0")):
            if name.startswith(("results/", "docs/reference/", "tests/")) or not os.path.lexists(ROOT / name):
                continue
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
        desk = cls(folder)
        if toy:  # two files, and no other one is touched
            for kind in ("py", "yaml"):
                shutil.copy(ROOT / "tests" / "toy" / f"toy.{kind}", folder / "src/redraw/papers")
        desk.git("init", "-q", "-b", "main")
        desk.git("config", "user.email", "a@example.org")
        desk.git("config", "user.name", "a")
        desk.commit("start")
        return desk

    @classmethod
    def smoke(cls, folder: Path, papers: Collection[str] | None = None) -> Desk:
        """A copy whose params.yaml asks for scale smoke and gives the toy its stage of DVC.

        It has only those of our papers that ``papers`` names, or all of them; and only the data sets that some run needs: DVC
        would visit a stage for each of the others, and the front page show all stand-ins.
        """
        desk = cls.new(folder)
        desk.edit("params.yaml", "scale: embedded", "scale: smoke")
        desk.edit("params.yaml", "  ved: {}", "  ved: {}\n  toy: {}")
        for sheet in (folder / "src/redraw/papers").glob("*.yaml"):
            if papers is not None and sheet.stem not in (*papers, "toy"):
                sheet.unlink()
                desk.edit("params.yaml", f"  {sheet.stem}: {{}}\n", "")
        desk.keep_data_sets_in_use()
        desk.commit("smoke")
        return desk

    def keep_data_sets_in_use(self) -> None:
        """Leave those out of params.yaml and dvc.yaml that no run of any sheet is on."""
        sheets = [read_yaml(path) for path in (self.folder / "src/redraw/papers").glob("*.yaml")]
        asked = {run["dataset"] for sheet in sheets for run in sheet.get("runs", {}).values()}
        params = self.folder / "params.yaml"
        head, entries, tail = re.split(r"^(?=  mnist:)|^(?=papers:)", params.read_text(), flags=re.M)
        kept = [e for e in re.split(r"^(?=  [a-z])", entries, flags=re.M) if e.partition(":")[0].strip() in asked]
        params.write_text(head + "".join(kept) + tail)
        uses = [entry["use"] for entry in read_yaml(params)["datasets"].values()]
        used = asked | {u for use in uses for u in ([use] if isinstance(use, str) else use.values())}
        families = {family(name) for name in used}
        stages = self.folder / "dvc.yaml"
        listed = read_yaml(stages)["stages"]["data"]["foreach"]
        unused = [line for f in listed if f not in families for line in (f"      - {f}", f"      - results/data/{f}")]
        stages.write_text("".join(f"{x}\n" for x in stages.read_text().splitlines() if x not in unused))

    def clone(self, folder: Path) -> Desk:
        """A git clone, not yet pulled: no results of DVC's, no training state, no notes of Snakemake's."""
        subprocess.run(["git", "clone", "-q", self.folder, folder], check=True)
        desk = Desk(folder)
        desk.git("config", "user.email", "a@example.org")
        desk.git("config", "user.name", "a")
        return desk

    def run(self, *words: str, check: bool = True, **options) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [str(w) for w in words],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=600,
            **options,
        )
        if check and done.returncode:
            raise AssertionError(f"{words} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done

    def git(self, *words: str) -> str:
        return self.run("git", *words).stdout

    def commit(self, text: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", text)

    def dvc(self, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        return self.run(sys.executable, "-m", "dvc", *words, check=check)

    def snakemake_call(self, *options: str, target: str = "results/tables") -> list[str]:
        return [sys.executable, "-m", "snakemake", "--cores", "2", *options, "--", target]

    def tables(self, *options: str, check: bool = True) -> subprocess.CompletedProcess:
        return self.run(*self.snakemake_call(*options), check=check)

    def jobs(self, *options: str, target: str = "results/tables") -> dict[str, int]:
        """Jobs that a dry run would do, by rule; empty where there is nothing to do."""
        said = self.run(*self.snakemake_call("-n", *options, target=target))
        found = (
            dict(re.findall(r"^(\S+) +(\d+)$", (said.stdout + said.stderr).split("Job stats:")[-1], re.M))
            if "Job stats:" in said.stdout + said.stderr
            else {}
        )
        return {rule: int(n) for rule, n in found.items() if rule != "total"}

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new))

    def depart(self, paper: str, recipe: str, field: str, value: object, **more: object) -> None:
        """Set parameters of one recipe in params.yaml."""
        path = self.folder / "params.yaml"
        lines = [line for line in path.read_text().splitlines() if not line.startswith(f"  {paper}:")]
        entries = (f"{k}: {{value: {v}, because: for a test}}" for k, v in {field: value, **more}.items())
        lines.append(f"  {paper}: {{{recipe}: {{{', '.join(entries)}}}}}")
        path.write_text("\n".join(lines) + "\n")

    def spooled(self, event: str) -> list[dict]:
        """Events of that name over all spools of this copy, in order of time."""
        found = [e for path in (self.folder / "work" / "spool").rglob("*.jsonl") for e in events(path)]
        return sorted((e for e in found if e["event"] == event), key=lambda e: e["t"])

    def json(self, path: str) -> dict:
        return json.loads((self.folder / path).read_text())

    def weights(self) -> dict[str, str]:
        return {str(p.parent.relative_to(self.folder)): json.loads(p.read_text())["weights"]
                for p in sorted(self.folder.glob("results/*/runs/*/*/manifest.json"))}  # fmt: skip
