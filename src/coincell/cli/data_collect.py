"""`coincell data collect`: recordings from a board's port, or this computer's microphone."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from coincell.cli.collect_view import View
from coincell.cli.line_options import port_option
from coincell.cli.numbers import FiniteRange
from coincell.cli.output import directory_option, open_project, printable

if TYPE_CHECKING:
    from coincell.board import CollectingLine, Take
    from coincell.data import Review
    from coincell.project import Project

Answer = Literal["keep", "redo", "quit"]
_TRIES_EACH = 3


@click.command("collect")
@port_option
@click.option("--label", default="", metavar="LABEL", help="The class that is recorded.")
@click.option(
    "--target", type=FiniteRange(), metavar="NUMBER",
    help="Regression, in place of --label: what is to be predicted, in data.unit.",
)  # fmt: skip
@click.option(
    "--seconds", type=FiniteRange(min=0.05, max=3600), show_default="a window",
    help="Length of a recording.",
)  # fmt: skip
@click.option(
    "--count", type=click.IntRange(1, 10000), default=1, show_default=True,
    help="How many are to be kept.",
)  # fmt: skip
@click.option(
    "--countdown", type=FiniteRange(min=0, max=60), default=3.0, show_default=True,
    help="Seconds before each.",
)  # fmt: skip
@click.option(
    "--baud", type=click.IntRange(300, 4_000_000), default=115_200, show_default=True,
    help="The line's speed; of a port on USB it means nothing.",
)  # fmt: skip
@click.option("--microphone", is_flag=True, help="This computer's microphone in place of a port.")
@click.option("--device", default="", help="Which microphone, by name or number.")
@click.option(
    "--group", "groups", multiple=True, metavar="NAME=VALUE",
    help="What all have in common, such as speaker=anna; may be given again.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask: keep what is good, take anew what is not.")
@directory_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line; asks nothing.")
def collect_command(
    port: str,
    label: str,
    target: float | None,
    seconds: float | None,
    count: int,
    countdown: float,
    baud: int,
    microphone: bool,
    device: str,
    groups: tuple[str, ...],
    yes: bool,
    directory: Path,
    as_json: bool,
) -> None:
    """Record from the board at PORT: countdown, plot, review, keep or redo.

    The board runs the firmware of `coincell data firmware`, or prints a reading a line, with commas
    or tabs; rate and axes are found by itself. What is kept is in the project at once: Ctrl-C, or a
    pulled cable, loses the recording in progress alone.
    """
    from coincell.errors import UserError

    project = open_project(directory)
    named = _groups(groups)
    _check_answer(project, label, target)
    if microphone and port:
        raise UserError("--microphone and --port are two sources.", "Take one of them away.")
    length = seconds or project.configuration.data.window_ms / 1000.0
    view = View(quiet=as_json)
    with _source(project, port, baud, microphone, device) as line:
        try:
            heading = line.probe()
            facts = {
                "kind": "source",
                "sense": heading.sense,
                "rate_hz": round(line.rate_hz, 2),
                "channels": list(heading.channels) or heading.columns,
                "units": list(heading.units),
                "frames": line.feed.in_frames,
            }
            _tell(as_json, facts, _described(facts))
            session = _Session(project, line, view, label, target, named, as_json, yes or as_json)
            session.run(count, length, countdown)
        finally:  # of Ctrl-C too: the terminal is as it was
            view.close()


def _check_answer(project: Project, label: str, target: float | None) -> None:
    """Of a class its label, of a quantity its number; one that the project knows."""
    from coincell.errors import UserError

    settings = project.configuration.data
    if settings.target:
        if target is None or label:
            raise UserError(
                f"The project predicts a number: {settings.target} in {settings.unit}; a recording "
                "of it has no label.",
                hint="Write --target NUMBER in place of --label.",
            )
        return
    if target is not None:
        raise UserError(
            "--target is the number of a regression; the project's task is "
            f"{project.configuration.project.task}.",
            hint=f"Write --label in its place: one of {', '.join(settings.labels)}.",
        )
    if not label:
        raise UserError(
            "--label is missing: the class that is recorded.",
            hint=f"One of {', '.join(settings.labels)}.",
        )
    if label not in settings.labels:
        raise UserError(
            f"The label {label!r} is not in the configuration (data.labels).",
            hint=f"data.labels is {list(settings.labels)}; add it there, or correct --label.",
        )


def _groups(texts: tuple[str, ...]) -> dict[str, str]:
    """("speaker=anna",) -> {"speaker": "anna"}."""
    import re

    from coincell.errors import UserError

    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not value or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", name):
            raise UserError(
                f"A group is NAME=VALUE, the name of letters, digits and _; received {text!r}.",
                hint="For instance --group speaker=anna",
            )
        found[name] = value
    return found


@contextmanager
def _source(
    project: Project, port: str, baud: int, microphone: bool, device: str
) -> Iterator[CollectingLine]:
    """Who gives readings: a port, or a microphone that looks like one."""
    from coincell.board import CollectingLine, SerialPort, choose_port

    settings = project.configuration.data
    if microphone:
        from coincell.board import Microphone
        from coincell.errors import UserError

        if settings.sense != "sound":
            raise UserError("A microphone records sound; the project is of another sense.")
        with Microphone(settings.sample_rate_hz, device) as heard:
            yield CollectingLine(heard, "the microphone", settings)
        return
    chosen = choose_port(port)
    with SerialPort(chosen, baud=baud) as line:
        yield CollectingLine(line, chosen.device, settings)


def _described(facts: dict[str, Any]) -> str:
    channels = facts["channels"]
    named = f"{channels} values a reading" if isinstance(channels, int) else ", ".join(channels)
    if facts["sense"] != "motion":
        return printable(
            f"Recording {facts['sense']}"
            + (f" at {facts['rate_hz']:g} samples a second." if facts["rate_hz"] else "s.")
        )
    return printable(f"Readings of {facts['sense']} at {facts['rate_hz']:g} a second: {named}.")


def _tell(as_json: bool, facts: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(facts) if as_json else text)


class _Session:
    """Takes, one after the other, until as many are kept as were wished for."""

    def __init__(
        self,
        project: Project,
        line: CollectingLine,
        view: View,
        label: str,
        target: float | None,
        groups: dict[str, str],
        as_json: bool,
        unasked: bool,
    ) -> None:
        self.project = project
        self.line = line
        self.view = view
        self.label = label
        self.target = target
        unit = project.configuration.data.unit
        self.title = label if target is None else f"{target:g} {unit}"
        self.groups = groups
        self.as_json = as_json
        self.unasked = unasked
        self.kept = 0

    def run(self, count: int, seconds: float, countdown: float) -> None:
        """Record until `count` are kept; without questions three tries each at the most."""
        from coincell.errors import CoincellError, DataError

        tries = 0
        try:
            while self.kept < count:
                tries += 1
                if self.unasked and tries > _TRIES_EACH * count:
                    raise DataError(
                        f"{tries - 1} recordings were taken, and {self.kept} were good.",
                        "Lost samples mean a slow line; flat channels a sensor that is not wired.",
                    )
                if not self._one(count, seconds, countdown):
                    break
        except CoincellError as error:
            self.view.close()
            if self.kept:
                error.message += f" The {self.kept} recordings kept before are in the project."
            raise
        finally:
            self.view.close()
            facts: dict[str, Any] = {"kind": "done", **self._answer(), "kept": self.kept}
            where = self.project.data_directory
            _tell(self.as_json, facts, f"{self.kept} of {self.title!r} kept, in {where}.")

    def _answer(self) -> dict[str, Any]:
        """What the recordings are of, by the columns of a labels.csv."""
        if self.target is None:
            return {"label": self.label}
        return {"target": self.target, "unit": self.project.configuration.data.unit}

    def _one(self, count: int, seconds: float, countdown: float) -> bool:
        """One take; False when the user has enough."""
        from coincell.data import review_recording

        place = f"{self.kept + 1}/{count} {self.title}"
        self.view.begin(place, self.line.feed.heading)
        if countdown:
            self.line.wait(countdown, self.view.counting(countdown))
        take = self.line.record(seconds, self.view.recording)
        self.view.close()
        settings = self.project.configuration.data
        review = review_recording(take.content, f"recording {self.kept + 1}", settings)
        answer = self._judge(take, review)
        if answer == "keep":
            with _held_back():
                self._keep(take)
                self.kept += 1
        facts = {
            "kind": "take",
            "answer": answer,
            "seconds": review.seconds,
            "lost_on_board": take.lost_on_board,
            "lost_on_line": take.lost_on_line,
            "damaged_lines": take.damaged,
            "unsteady": take.unsteady,
            "times_left_out": take.times_left_out,
            "saturated": review.saturated,
            "flat": list(review.flat),
            "levels": [level.to_json() for level in review.levels],
        }
        if self.as_json:
            click.echo(json.dumps(facts))
        return answer != "quit"

    def _judge(self, take: Take, review: Review) -> Answer:
        """Shown to the user, who decides; unasked what is whole and moves is kept."""
        good = not take.lost and not take.unsteady and not review.flat
        if not self.as_json:
            self.view.review(take, review)
        if self.unasked:
            return "keep" if good else "redo"
        told = click.prompt(
            "keep, redo or quit", default="k" if good else "r", err=True,
            type=click.Choice(["k", "r", "q"]),
        )  # fmt: skip
        answers: dict[str, Answer] = {"k": "keep", "r": "redo", "q": "quit"}
        return answers[str(told)]

    def _keep(self, take: Take) -> None:
        """Through `data import`, so that it is checked, converted and split as all else is."""
        import csv
        import time
        from tempfile import TemporaryDirectory

        from coincell.data import import_recordings

        with TemporaryDirectory(prefix="coincell-") as name:
            folder = Path(name)
            stem = time.strftime("%Y%m%dT%H%M%S") + f"-{self.kept + 1:04d}"
            (folder / f"{stem}{take.suffix}").write_bytes(take.content)
            with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream)
                answer = self._answer()
                writer.writerow(["file", *answer, *self.groups])
                told = (*answer.values(), *self.groups.values())
                writer.writerow([f"{stem}{take.suffix}", *told])
            from coincell.data import ReadOptions

            import_recordings(folder, self.project, "csv", reading=ReadOptions(repair=True))


@contextmanager
def _held_back() -> Iterator[None]:
    """Ctrl-C takes effect behind the block: what is being kept is kept whole, and counted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt
