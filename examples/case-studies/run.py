"""Two models that fail the audit, and what repairs them: every step by Coincell's commands.

    python examples/case-studies/run.py words
    python examples/case-studies/run.py digits --recordings FOLDER

docs/case_studies tells what came out. `--fast` trains a small forest on little data and stops at
the audit: it shows that every step still works, not how well.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LEFT_OUT = "GRC/Greek"
REWEIGH = '\n[mitigation]\ncolumns = ["{column}"]\nweights = "reweigh"\n'
BALANCED = '\n[mitigation]\ncolumns = ["{column}"]\nbatches = "balanced"\n'
FAST = (
    ("columns = [", "smallest_group = 2\nrounds = 200\ncolumns = ["),
    ("epochs = 12", "epochs = 1"), ("epochs = 14", "epochs = 1"), ("copies = 2", "copies = 0"),
    ('"ds-cnn-small"', '"random-forest"'), ("voices = 40", "voices = 16"),
    ("clips_per_word_and_voice = 4", "clips_per_word_and_voice = 1"),
    ('"yes", "no", "up", "down", "silence", "unknown"', '"yes", "no"'),
    (', "3", "4", "5", "6", "7", "8", "9"', ""),
)  # fmt: skip


class WrongUseError(Exception):
    """What was asked cannot be done."""


@dataclass(frozen=True)
class Step:
    """One state of a project.

    Attributes:
        name: what was done.
        change: brings the project, in its folder, into that state.
    """

    name: str
    change: Callable[[Path], None]


def coincell(*words: object, allowed: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
    """Run one command; exit codes beyond `allowed` end the study with what it said."""
    command = [sys.executable, "-m", "coincell", *map(str, words)]
    print(f"$ coincell {' '.join(map(str, words))}", file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        raise WrongUseError(f"{' '.join(command[3:])}: {done.stderr.strip()[-2000:]}")
    return done


def words_steps(*, fast: bool) -> Iterator[Step]:
    """Keyword spotting whose training voices lack women, then three repairs."""
    share = "gender=female:0" if fast else "gender=female:0.05"
    more = 3 if fast else 10

    def lack(project: Path) -> None:
        coincell("data", "synthesize", "--share", share, "--project", project)

    def add(project: Path) -> None:
        added = ("--add-for", "gender=female", "--voices", more)
        mitigate(project, "")
        coincell("data", "synthesize", *added, "--project", project)

    yield Step("women lack", lack)
    if not fast:
        yield Step("reweigh", lambda project: mitigate(project, REWEIGH, "gender"))
        yield Step("balanced batches", lambda project: mitigate(project, BALANCED, "gender"))
    yield Step(f"{more} women's voices more", add)


def digits_steps(recordings: Path, *, fast: bool) -> Iterator[Step]:
    """Spoken digits without one accent; then a few recordings of it, those drawn more often, and
    all of them."""

    def take(project: Path, count: int) -> None:
        mitigate(project, "")
        source = project / "source"
        copy_part(recordings, source, count, digits="012" if fast else "0123456789")
        coincell("data", "import", source, "--label-column", "digit", "--project", project)

    yield Step("one accent lacks", lambda project: take(project, 0))
    if not fast:
        yield Step("20 recordings of it", lambda project: take(project, 20))
        yield Step("... in balanced batches", lambda project: mitigate(project, BALANCED, "accent"))
    yield Step("all 80 of it", lambda project: take(project, 80))


def mitigate(project: Path, text: str, column: str = "") -> None:
    """The project's settings with this [mitigation], or none."""
    path = project / "coincell.toml"
    before = path.read_text(encoding="utf-8").partition("\n[mitigation]")
    rest = before[2].partition("\n[")[1:] if before[2] else ("", "")
    path.write_text(before[0] + "".join(rest) + text.format(column=column), encoding="utf-8")


def copy_part(recordings: Path, folder: Path, count: int, digits: str) -> None:
    """All recordings, of the accent that is left out `count` for training, spread over digits."""
    folder.mkdir(exist_ok=True)
    with (recordings / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["digit"] in digits]
    lacking = [r for r in rows if r["accent"] == LEFT_OUT and r["split"] == "train"]
    lacking.sort(key=lambda row: (row["file"].rpartition("_")[2], row["digit"]))
    kept = [row for row in rows if row not in lacking] + lacking[:count]
    for row in kept:
        if not (folder / row["file"]).exists():
            shutil.copyfile(recordings / row["file"], folder / row["file"])
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)


def judged(project: Path, *, fast: bool) -> dict[str, Any]:
    """Run, and read what the audit found.

    Returns:
        "exit" of the run, "failed" gates with their reasons, "groups" and "gap" of the column.
    """
    ran = 0 if fast else coincell("run", project, allowed=(0, 1)).returncode
    done = coincell("audit", project, "--json", allowed=(0, 1))
    facts = json.loads(done.stdout)
    column, place = facts["columns"][0], facts["judged"]
    gaps = {gap["criterion"]: gap for gap in column["criteria"][place]}
    return {
        "exit": done.returncode if fast else ran,
        "failed": {g["name"]: g["reason"] for g in facts["gates"] if g["passed"] is False},
        "groups": {
            group["value"]: {
                "people": group["people"],
                "accuracy": group["places"][place]["figures"]["accuracy"],
                "recall": group["places"][place]["figures"]["recall_macro"],
            }
            for group in column["groups"]
            if group["told"]
        },
        "gap": gaps["accuracy_parity"]["difference"] if "accuracy_parity" in gaps else None,
    }


def told(figure: dict[str, Any] | None) -> str:
    """Such as "78.3 % (67 to 89)"."""
    if figure is None or figure["value"] is None:
        return "-"
    ends = figure["ci95"]
    interval = f" ({100 * ends[0]:.0f} to {100 * ends[1]:.0f})" if ends else ""
    return f"{100 * figure['value']:.1f} %{interval}"


def study(name: str, steps: Iterator[Step], project: Path, *, fast: bool) -> list[dict[str, Any]]:
    """Every step's figures."""
    project.mkdir(parents=True)
    text = (HERE / f"{name}.toml").read_text(encoding="utf-8")
    for usual, small in FAST if fast else ():
        text = text.replace(usual, small)
    (project / "coincell.toml").write_text(text, encoding="utf-8")
    rows = []
    for step in steps:
        step.change(project)
        rows.append({"step": step.name, **judged(project, fast=fast)})
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    """The table that docs/case_studies has, as Markdown."""
    groups = list(rows[0]["groups"])
    heads = ["", "exit", *(f"right, {group}" for group in groups), "worst recall", "gap"]
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for row in rows:
        worst = min(row["groups"].values(), key=lambda group: group["recall"]["value"])
        cells = [row["step"], str(row["exit"])]
        cells += [told(row["groups"][group]["accuracy"]) for group in groups]
        print(f"| {' | '.join([*cells, told(worst['recall']), told(row['gap'])])} |")


def main() -> int:
    """Exit code 0, or 2 where something was not there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("case", choices=["words", "digits"])
    parser.add_argument("--recordings", type=Path, help="of digits: the Free Spoken Digit Dataset")
    parser.add_argument("--folder", type=Path, help="keep the project here; it must not exist")
    parser.add_argument("--fast", action="store_true", help="little data, a forest, no firmware")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as place:
        project = options.folder or Path(place) / options.case
        try:
            if project.exists():
                raise WrongUseError(f"{project} exists: choose another --folder.")
            if options.case == "words":
                steps = words_steps(fast=options.fast)
            elif options.recordings is None or not (options.recordings / "labels.csv").is_file():
                raise WrongUseError("digits need --recordings FOLDER with labels.csv in it.")
            else:
                steps = digits_steps(options.recordings, fast=options.fast)
            rows = study(options.case, steps, project, fast=options.fast)
        except WrongUseError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        if options.json:
            print(json.dumps({"case": options.case, "rows": rows}, indent=1))
            return 0
        show(rows)
        if not options.fast:
            print("\n" + coincell("runs", "compare", "1", "last", "--project", project).stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
