"""The studio on a large data set: first page, memory, an edit's scores, 10,000 points on screen.

And on a table: UCI Adult, 32,561 people scored by a logistic regression of five folds. And the
pages of what runs left: Board, Runs and Report, with a ledger of 50 runs.

The clips are made: tones of three pitches by six people. The studio is a process of its own, asked
over its port; what is drawn is drawn by the system's Chromium. Times are on the wall, memory is
what stays resident of the studio's processes. Prints JSON.

    python benchmarks/studio.py [--clips 10000] [--only clips | table | runs]
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from coincell.pipeline import Demand, run_project, run_until  # noqa: E402
from studio_project import tones  # noqa: E402

EDITS = (
    {"gain_db": -12}, {"snr_db": 5}, {"shift_ms": 120}, {"speed": 1.3}, {"pitch": 4},
    {"low_pass_hz": 1500}, {"crop_begin_ms": 300}, {"pitch": -3, "snr_db": 10, "gain_db": 6},
)  # fmt: skip
AXES = (
    ("y", "level"), ("colour", "group.speaker"), ("bins_x", "truth"),
    ("bins_y", "outcome"), ("x", "level"), ("colour", "level"),
)  # fmt: skip
LEDGER = 50
RUN_PAGES = {
    "board": "/board",
    "duty": "/board/duty?share=0.01&way=0",
    "runs": "/runs",
    "two_runs": f"/runs?before=1&after={LEDGER}",
    "report": "/report",
    "report_html": "/report/file/report.html",
}
"""Figure -> what is asked for."""
WAIT_S = 600
FRAMES = (
    "(() => { window.longest = 0; new PerformanceObserver((list) => {"
    " for (const one of list.getEntries()) window.longest = Math.max(window.longest, one.duration);"
    " }).observe({ type: 'longtask' }); })()"
)


def resident_mb(process: int) -> float:
    """Of a process and those below it, in MB; pages that they share count in each."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        own, parent = (re.search(rf"^{name}:\s+(\d+)", text, re.M) for name in ("Pid", "PPid"))
        size = re.search(r"^VmRSS:\s+(\d+)", text, re.M)
        if own and parent and size and process in (int(own[1]), int(parent[1])):
            total += int(size[1])
    return round(total / 1000, 1)


def wait_for(client: httpx.Client) -> None:
    """Until the model is open."""
    client.post("/whatif/open")
    began = time.monotonic()
    while 'id="scatter"' not in client.get("/whatif").text:
        if time.monotonic() - began > WAIT_S:
            raise SystemExit("the model did not open")
        time.sleep(0.2)


def drawn(address: str) -> dict[str, Any] | str:
    """The picture of all samples in the browser: milliseconds of each draw, the longest task."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return "no Chromium"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(f"{address}whatif?split=all")
        page.locator("html[data-drawn]").wait_for()
        page.evaluate(FRAMES)
        times = []
        canvas = page.locator("#scatter")
        for axis, column in AXES:
            page.locator(f"#axis-{axis}").select_option(column)
            page.wait_for_timeout(100)
            times.append(float(canvas.get_attribute("data-milliseconds") or "nan"))
        points = int(canvas.get_attribute("data-points") or 0)
        longest = page.evaluate("window.longest")
        browser.close()
    return {"points": points, "draw_ms_most": max(times), "longest_task_ms": longest}


def measured(project: Path) -> dict[str, Any]:
    """All figures of one studio."""
    command = [sys.executable, "-m", "coincell", "studio", str(project), "--no-browser", "--json"]
    began = time.monotonic()
    studio = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert studio.stdout is not None
        address = json.loads(studio.stdout.readline())["address"]
        with httpx.Client(base_url=address, timeout=WAIT_S) as client:
            client.get("/data").raise_for_status()
            first = time.monotonic() - began
            pages = []
            for number in (1, 2, 100, 10_000):
                start = time.monotonic()
                client.get("/data", params={"page": number}).raise_for_status()
                pages.append(time.monotonic() - start)
            shown = re.findall(r'src="(/data/thumbnail[^"]+)"', client.get("/data").text)
            for path in shown:
                client.get(path.replace("&amp;", "&")).raise_for_status()
            gallery = resident_mb(studio.pid)
            wait_for(client)
            taken = []
            for edits in EDITS * 5:
                told = client.post("/whatif/ask", json={"source": "7", "edits": edits})
                taken.append(told.json()["milliseconds"])
            picture = drawn(address)
            memory = resident_mb(studio.pid)
    finally:
        studio.terminate()
        studio.wait(30)
    return {
        "process_start_to_first_page_s": round(first, 2),
        "page_s_most": round(max(pages), 3),
        "edit_to_scores_ms": {"median": statistics.median(taken), "most": max(taken)},
        "gallery_mb": gallery,
        "all_mb": memory,
        "picture": picture,
    }


def write_adult(path: Path) -> None:
    """All columns of all rows, and a score."""
    from fairness import COLUMNS, SHARED, adult

    with (SHARED / "adult" / "adult.data").open(encoding="utf-8", newline="") as file:
        cells = [row for row in csv.reader(file, skipinitialspace=True) if row]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow((*COLUMNS, "score"))
        writer.writerows(
            (*row, f"{score:.6f}") for row, score in zip(cells, adult().scores, strict=True)
        )


def timed(client: httpx.Client, path: str) -> float:
    """Seconds of an answer."""
    began = time.monotonic()
    client.get(path).raise_for_status()
    return round(time.monotonic() - began, 3)


def strategies_s(client: httpx.Client) -> float:
    """Seconds of the job that finds all strategies by sex and race together."""
    client.post("/performance/strategies", data={"first": "sex", "second": "race"})
    number = 1
    while (state := client.get(f"/jobs/{number}/state").json())["state"] == "running":
        time.sleep(0.1)
    if state["state"] != "done":
        raise SystemExit(f"no strategies: {state['message']}")
    return float(state["seconds"])


def measured_table(path: Path) -> dict[str, Any]:
    """Of one studio of a table."""
    command = [sys.executable, "-m", "coincell", "studio", "--table", str(path), "--no-browser"]
    named = ["--truth", "income", "--score", "score", "--positive", ">50K"]
    began = time.monotonic()
    studio = subprocess.Popen(
        [*command, *named, "--json", "--port", "0"], stdout=subprocess.PIPE, text=True,
        cwd=path.parent,
    )  # fmt: skip
    try:
        assert studio.stdout is not None
        address = json.loads(studio.stdout.readline())["address"]
        with httpx.Client(base_url=address, timeout=WAIT_S) as client:
            timed(client, "/performance")
            first = time.monotonic() - began
            moved = [
                timed(client, f"/performance/figures?first=sex&threshold={at / 20}")
                for at in range(1, 20)
            ]
            told = {
                "process_start_to_first_page_s": round(first, 2),
                "page_by_sex_and_race_s": timed(client, "/performance?first=sex&second=race"),
                "threshold_to_figures_ms": {
                    "median": round(1000 * statistics.median(moved)),
                    "most": round(1000 * max(moved)),
                },
                "areas_with_intervals_s": timed(client, "/performance/areas?first=sex"),
                "points_s": timed(client, "/points/data"),
                "strategies_s": strategies_s(client),
            }
            status = Path(f"/proc/{studio.pid}/status").read_text()
            peak = re.search(r"^VmHWM:\s+(\d+)", status, re.M)
            memory = {"resident_mb": resident_mb(studio.pid)}
            return told | memory | {"most_mb": round(int(peak[1]) / 1000, 1) if peak else None}
    finally:
        studio.terminate()
        studio.wait(30)


def measured_runs(folder: Path) -> dict[str, Any]:
    """The pages Board, Runs and Report: of a project through to the board, whose one entry in the
    ledger is copied to `LEDGER` runs."""
    project = tones(folder)
    run_project(project)
    ledger = project.directory / "runs"
    first = ledger / "0001.json"
    for number in range(2, LEDGER + 1):
        shutil.copy(first, ledger / f"{number:04d}.json")
    command = [sys.executable, "-m", "coincell", "studio", str(folder), "--no-browser", "--json"]
    studio = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert studio.stdout is not None
        address = json.loads(studio.stdout.readline())["address"]
        with httpx.Client(base_url=address, timeout=WAIT_S) as client:
            told: dict[str, Any] = {"in_the_ledger": LEDGER}
            for name, path in RUN_PAGES.items():
                times = [timed(client, path) for _ in range(6)]
                told[name] = {"first_s": times[0], "later_s": statistics.median(times[1:])}
            return told | {"resident_mb": resident_mb(studio.pid)}
    finally:
        studio.terminate()
        studio.wait(30)


def main() -> None:
    """Make the project and the table, open them, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--only", choices=("clips", "table", "runs"), default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told: dict[str, Any] = {}
        if options.only in ("", "clips"):
            project = tones(Path(folder) / "tones", options.clips)
            run_until(project, Demand(until="quantize"))
            told |= {"clips": options.clips} | measured(project.directory)
        if options.only in ("", "runs"):
            told["runs"] = measured_runs(Path(folder) / "ran")
        if options.only in ("", "table"):
            path = Path(folder) / "adult.csv"
            write_adult(path)
            told["table"] = measured_table(path)
        print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
