"""The command line of `scripts/fuzz`."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzzing.campaign import TESTS, Outcome, fuzz, seed_models

_DEFAULT_MODELS = TESTS.parent.parent / "shared" / "models" / "zoo"


def main() -> None:
    """Fuzz on all cores, print what came of it."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    parser.add_argument("--models", type=Path, default=_DEFAULT_MODELS)
    chosen = parser.parse_args()
    models = seed_models(chosen.models)
    if not models:
        sys.exit(f"There is no .tflite in {chosen.models}; name a folder with --models.")

    def one(job: int) -> Outcome:
        def tell(line: str) -> None:
            print(f"[{job}] {line}", flush=True)

        return fuzz(models, chosen.seed + 1000 * job, chosen.seconds, chosen.keep, tell)

    with ThreadPoolExecutor(chosen.jobs) as pool:
        outcomes = list(pool.map(one, range(chosen.jobs)))
    refused = sum(outcome.refused for outcome in outcomes)
    compiled = sum(outcome.compiled for outcome in outcomes)
    failures = {k: v for outcome in outcomes for k, v in outcome.failures.items()}
    for name, text in failures.items():
        print(f"\n{chosen.keep / name}.tflite\n{text}")
    print(f"{refused} refused, {compiled} compiled, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
