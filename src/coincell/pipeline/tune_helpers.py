"""Further processes that work on a study: on this machine, or on a Ray cluster."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from coincell.errors import MissingExtraError, UserError
from coincell.pipeline.tune import Judge, open_study
from coincell.project import Project, load_project

_LOG = "helper-{number}.log"
_ENDS_SECONDS = 20.0


@contextmanager
def helping_processes(
    project: Project, count: int, trials: int, seconds: float, lost: Callable[[str], None]
) -> Iterator[None]:
    """While the block runs, `count` further processes join the study.

    Each trains on one thread, as every command does. At the end of the block they are waited for:
    they end with the study. What they print goes to build/tune/helper-N.log. The study does not
    need any of them: its lease hands on what a dead one held.

    Args:
        project: whose study, which must have begun.
        count: of processes.
        trials: what the study shall have in all.
        seconds: after which no further trial is begun.
        lost: is told of each that ended before the study did, and why.
    """
    folder = project.build_directory / "tune"
    command = [sys.executable, "-m", "coincell", "tune", "--join", "--trials", str(trials)]
    command += ["--project", str(project.directory)]
    command += [] if math.isinf(seconds) else ["--seconds", str(seconds)]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(1, count + 1):
            log: IO[bytes]
            with (folder / _LOG.format(number=number)).open("wb") as log:
                running.append(subprocess.Popen(command, stdout=log, stderr=log))
        yield
        for process in running:
            process.wait()
    finally:
        _end(running)
    for number, process in enumerate(running, 1):
        if process.returncode not in (0, 1):  # 1: no candidate is feasible, which the study tells
            lost(_said(number, process.returncode, folder / _LOG.format(number=number)))


def _end(running: list[subprocess.Popen[bytes]]) -> None:
    """Ask what still runs to end, then make it."""
    for process in running:
        if process.poll() is None:
            process.terminate()
    for process in running:
        try:
            process.wait(_ENDS_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _said(number: int, status: int, log: Path) -> str:
    """Why a helper ended: the signal, or the last that it printed."""
    if status < 0:
        return f"helper {number} was killed by signal {-status} ({log})"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"helper {number} failed ({log}): {lines[-1] if lines else 'it said nothing'}"


def joined(directory: str, trials: int, seconds: float) -> str:
    """Work on the study of the project in `directory` to its end; gives what went wrong, or ""."""
    try:
        project = load_project(Path(directory))
        study = open_study(project, join=True)
        study.work(Judge.of(project), trials, seconds)
    except UserError as error:
        return error.message
    return ""


def work_on_ray(
    project: Project, address: str, trials: int, seconds: float = math.inf, tasks: int = 0
) -> int:
    """Have a Ray cluster's workers join the study, and wait until it is done.

    A worker opens the project in the same folder as here, which the machines of a cluster share;
    the study's lease and storage do the rest.

    Args:
        project: whose study, which must have begun.
        address: of the cluster as `ray.init` takes it: "auto", "local", "ray://HOST:PORT".
        trials: what the study shall have in all.
        seconds: after which no further trial is begun.
        tasks: workers; 0: one for each of the cluster's processors.

    Returns:
        How many workers there were.

    Raises:
        MissingExtraError: Ray is not installed.
        UserError: the cluster is not reached, or no worker could work; what they said.
    """
    ray = _ray(address)
    try:
        count = tasks or max(1, int(ray.cluster_resources().get("CPU", 1)))
        work = ray.remote(num_cpus=1, max_retries=1)(joined)
        folder = str(project.directory.resolve())
        said = ray.get([work.remote(folder, trials, seconds) for _ in range(count)])
    except ray.exceptions.RayError as error:
        raise UserError(
            f"The Ray cluster failed: {str(error).strip().splitlines()[-1]}",
            "Run the same command again; what was finished is kept.",
        ) from error
    finally:
        ray.shutdown()
    if all(said):
        raise UserError(
            f"None of {count} Ray workers could work on the study; the first said: {said[0]}",
            "The project's folder must be at the same path on every machine of the cluster.",
        )
    return count


def _ray(address: str) -> Any:
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("ray", "ray", "Spreading a search over a cluster") from error
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            include_dashboard=False if address == "local" else None,
            ignore_reinit_error=True,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UserError(
            f"No Ray cluster at {address!r}: {str(error).splitlines()[0]}",
            "--ray local starts one on this machine; ray start --head begins a cluster.",
        ) from error
    return ray
