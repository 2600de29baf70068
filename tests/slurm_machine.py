"""A Slurm of two nodes on this one machine, on loopback, for tests: its own folder, keys and ports; root is not needed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

SBIN = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]
)  # users without rights have it off PATH
GPUS = {"n1": 2, "n2": 1}  # devices that do not exist: Slurm counts and names them, nothing computes on them
CPUS = 4  # a node; more than there are, so that jobs wait for GPUs and not for cores
COMMANDS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "sacct", "sacctmgr", "sshare")

CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[ctld]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MinJobAge=3600
MessageTimeout=10
KillWait=5
OverTimeLimit=0
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory=64000 Gres=gpu:{gpus}"
CGROUP = "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nConstrainCores=no\nConstrainRAMSpace=no\n"


class Slurm:
    """``with Slurm(folder) as slurm``: daemons run until the end of the block; ``slurm.env`` leads clients to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{folder / 'bin'}{os.pathsep}{SBIN}"}
        self._daemons: list[subprocess.Popen] = []

    def __enter__(self) -> Slurm:
        try:
            self._configure()
            key, sock = self.folder / "munge.key", self.folder / "munge.sock"
            self._start("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={sock}",
                        f"--pid-file={self.folder}/munged.pid", f"--log-file={self.folder}/log/munged.log",
                        f"--seed-file={self.folder}/munge.seed")  # fmt: skip
            self._wait("munged", sock.exists)
            self._start("slurmctld", "-D")
            for node in GPUS:
                self._start("slurmd", "-D", "-N", node)
            self._wait("nodes", lambda: self.call("sinfo", "-h", "-N", "-o", "%T").split() == ["idle"] * len(GPUS))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if len(self._daemons) > 1:
            self.call("scancel", f"--user={os.getuid()}", check=False)
            self._wait("jobs", lambda: not self.call("squeue", "-h", check=False), fail=False)
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in reversed(self._daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._daemons.clear()
        for process in self._left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def _left(self) -> list[int]:
        """Processes that jobs left behind, and those that wait for jobs: all that were led to this folder."""
        found = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):  # gone meanwhile, or another user's
                if f"{self.folder}/bin:".encode() in environ.read_bytes():
                    found.append(int(environ.parent.name))
        return found

    def call(self, *words: str, check: bool = True) -> str:
        """Standard output of a client program, e.g. ``call("squeue", "-h")``."""
        done = subprocess.run(words, env={**os.environ, **self.env}, capture_output=True, text=True, timeout=60)
        if check and done.returncode:
            raise AssertionError(f"{words} ended with {done.returncode}\n{done.stderr}\n{self.log()}")
        return done.stdout

    def jobs(self) -> list[dict[str, str]]:
        """All jobs of the past hour as scontrol shows them: {"JobId", "JobState", "NodeList", "Comment", ...}."""
        said = self.call("scontrol", "show", "job", "--oneliner")
        words = (
            (word.partition("=") for word in line.split()) for line in said.splitlines() if line.startswith("JobId")
        )
        return [{key: value for key, _, value in job} for job in words]

    def log(self) -> str:
        """The last lines of what the daemons said."""
        tails = (
            f"{p.name}: {line}" for p in (self.folder / "log").glob("*.log") for line in p.read_text().splitlines()[-5:]
        )
        return "\n".join(tails)

    def _configure(self) -> None:
        for name in ("state", "log", "bin", "dev", *(f"spool.{n}" for n in GPUS)):
            (self.folder / name).mkdir(parents=True)
        host, user = socket.gethostname().split(".")[0], subprocess.run(["id", "-un"], capture_output=True, text=True)
        ports = dict(zip(("ctld", *GPUS), _free_ports(1 + len(GPUS)), strict=True))
        nodes, devices = [], ["AutoDetect=off"]
        for name, gpus in GPUS.items():
            nodes.append(NODE.format(name=name, host=host, port=ports[name], cpus=CPUS, gpus=gpus))
            for k in range(gpus):  # a character device is asked for; the digits at the end become the device's id
                device = self.folder / "dev" / f"{name}-gpu{k}"
                device.symlink_to("/dev/null")
                devices.append(f"NodeName={name} Name=gpu File={device}")
        (self.folder / "slurm.conf").write_text(
            CONF.format(host=host, user=user.stdout.strip(), folder=self.folder, ports=ports, nodes="\n".join(nodes))
        )
        (self.folder / "gres.conf").write_text("\n".join(devices) + "\n")
        (self.folder / "cgroup.conf").write_text(CGROUP)
        (self.folder / "munge.key").write_bytes(secrets.token_bytes(1024))
        (self.folder / "munge.key").chmod(0o400)
        # Snakemake's executor drops SLURM_CONF, as it drops every SLURM_*, before it calls srun on a node.
        for command in COMMANDS:
            program = shutil.which(command, path=SBIN)
            if program:
                (self.folder / "bin" / command).write_text(
                    f'#!/bin/sh\nSLURM_CONF={self.env["SLURM_CONF"]} exec {program} "$@"\n'
                )
                (self.folder / "bin" / command).chmod(0o755)

    def _start(self, program: str, *words: str) -> None:
        path = shutil.which(program, path=SBIN)
        assert path, f"{program} is not installed"
        log = (self.folder / "log" / f"{program}.{len(self._daemons)}.out").open("w")
        env = {**os.environ, **self.env}
        self._daemons.append(
            subprocess.Popen([path, *words], env=env, stdin=-3, stdout=log, stderr=log, start_new_session=True)
        )
        log.close()

    def _wait(self, what: str, ready, fail: bool = True, seconds: float = 20) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if ready():
                    return
            except AssertionError:  # the controller does not answer yet
                pass
            time.sleep(0.1)
        assert not fail, f"{what}: not ready after {seconds} s\n{self.log()}"


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    found = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return found
