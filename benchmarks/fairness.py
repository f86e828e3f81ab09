"""Fairness: figures against Fairlearn, strategies against a greedy rule, and how long audits take.

Adult (UCI, 32,561 people): scores of scikit-learn's logistic regression, each person's by a model
that never saw them (5 folds). Figures by sex, race and both are compared with Fairlearn's.
Thresholds for every two slices of sex, race, and both, and for all slices at once, are compared
with the rule of the What-If Tool: 101 thresholds; to each of the first slice every other slice
takes the one whose rate is closest; the cheapest of these, cost = false positives x ratio + false
negatives. Of thresholds equally close the rule is given the cheapest here. It promises no
tolerance, so that costs are compared at the very difference that it came to; "at_tolerance" are
the costs within 0.01, and how far apart the rule left the slices.

Audits, 1,000 rounds: spoken digits by accent and speaker, and the demo's synthetic voices by gender
and accent, with quickly trained models, as a command from start to end. Prints JSON.

    python benchmarks/fairness.py [--only adult | audits]
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit import (
    STRATEGIES,
    TOLERANCE,
    ClassMeasure,
    Column,
    GroupCurve,
    Place,
    Scored,
    TaskWords,
    audit_people,
    choose,
    group_curves,
    people_of,
)
from coincell.project import AuditSettings

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation",
    "relationship", "race", "sex", "capital_gain", "capital_loss", "hours", "country", "income",
)  # fmt: skip
NUMBERS = frozenset({"age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours"})
RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0)
RULES = {
    "demographic_parity": "selection_rate",
    "equal_opportunity": "recall",
    "equal_accuracy": "accuracy",
}
LABELS = ("<=50K", ">50K")


@dataclass(frozen=True)
class Adult:
    """Whether each earns more, the model's probability of it, and the groups."""

    positive: NDArray[np.bool_]
    scores: NDArray[np.float64]
    groups: tuple[dict[str, str], ...]


def adult() -> Adult:
    """All rows, each scored by a model of the other four folds."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler

    with (SHARED / "adult" / "adult.data").open(encoding="utf-8", newline="") as file:
        cells = [row for row in csv.reader(file, skipinitialspace=True) if row]
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in cells]
    positive = np.array([row["income"] == LABELS[1] for row in rows])
    known = [
        {name: float(row[name]) if name in NUMBERS else row[name] for name in COLUMNS[:-1]}
        for row in rows
    ]
    model = make_pipeline(DictVectorizer(), MaxAbsScaler(), LogisticRegression(max_iter=2000))
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    scores = cross_val_predict(model, known, positive, cv=folds, method="predict_proba")[:, 1]
    groups = tuple({"sex": row["sex"], "race": row["race"]} for row in rows)
    return Adult(positive, scores.astype(np.float64), groups)


def beside_fairlearn(people: Adult, facts: dict[str, Any]) -> dict[str, Any]:
    """The largest difference of any figure of any group, and of any criterion."""
    from fairlearn import metrics as fair
    from sklearn import metrics as sk

    truth, said = people.positive, people.scores >= 0.5
    rates = {
        "recall": fair.true_positive_rate,
        "fpr": fair.false_positive_rate,
        "fnr": fair.false_negative_rate,
        "selection_rate": fair.selection_rate,
        "precision": sk.precision_score,
        "f1": sk.f1_score,
    }
    apart, figures = [], 0
    for column in facts["columns"]:
        of = np.array([", ".join(row[part] for part in column["parts"]) for row in people.groups])
        given = {"y_true": truth, "y_pred": said, "sensitive_features": of}
        frame = fair.MetricFrame(metrics=rates | {"accuracy": sk.accuracy_score}, **given).by_group
        areas = fair.MetricFrame(
            metrics=sk.roc_auc_score, y_true=truth, y_pred=people.scores, sensitive_features=of
        ).by_group
        for group in column["groups"]:
            told = group["places"]["scored"]
            own = frame.loc[group["value"]]
            found = told["labels"][LABELS[1]]
            apart += [abs(found[metric]["value"] - own[metric]) for metric in rates]
            apart.append(abs(told["figures"]["accuracy"]["value"] - own["accuracy"]))
            apart.append(abs(found["auc"]["value"] - areas[group["value"]]))
        criteria = {each["criterion"]: each for each in column["criteria"]["scored"]}
        odds = [
            fair.equalized_odds_difference(truth == kind, said == kind, sensitive_features=of)
            for kind in (True, False)
        ]
        parity = fair.demographic_parity_difference(**given)
        apart.append(abs(criteria["equalized_odds"]["difference"]["value"] - max(odds)))
        apart.append(abs(criteria["demographic_parity"]["difference"]["value"] - parity))
        figures = len(apart)
    return {"figures": figures, "largest_difference": float(max(apart))}


def greedy(curves: Sequence[GroupCurve], metric: str, ratio: float) -> tuple[float, float]:
    """The What-If Tool's rule: its cost, and how far apart it leaves the slices."""
    thresholds = np.arange(101) / 100
    cuts = [curve.cuts_of(thresholds) for curve in curves]
    rates = [curve.rates()[metric][own] for curve, own in zip(curves, cuts, strict=True)]
    costs = [curve.cost(ratio)[own] for curve, own in zip(curves, cuts, strict=True)]
    total, taken = costs[0].copy(), [rates[0]]
    for rate, cost in zip(rates[1:], costs[1:], strict=True):
        distance = np.abs(rates[0][:, None] - rate)
        nearest = distance <= distance.min(axis=1, keepdims=True) + 1e-12
        at = np.where(nearest, cost, np.inf).argmin(axis=1)
        total += cost[at]
        taken.append(rate[at])
    best = int(total.argmin())
    values = [rate[best] for rate in taken]
    return float(total[best]), float(max(values) - min(values))


def cheapest_of_the_grid(curves: Sequence[GroupCurve], strategy: str, ratio: float) -> float:
    """Of 101 thresholds: the one, or each slice's own."""
    thresholds = np.arange(101) / 100
    costs = np.stack([curve.cost(ratio)[curve.cuts_of(thresholds)] for curve in curves])
    return float(costs.sum(axis=0).min() if strategy == "one" else costs.min(axis=1).sum())


def slices(people: Adult) -> Iterator[tuple[GroupCurve, ...]]:
    """Curves of every two slices of sex, race and both; and of all slices of each."""
    columns = people_of(people.groups, [""] * len(people.groups), AuditSettings()).columns
    for column in columns:
        scored = Scored(people.positive, people.scores, np.arange(len(people.scores)), column)
        curves = group_curves(scored)
        yield from combinations(curves, 2)
        if len(curves) > 2:
            yield curves


def compared(strategy: str, sets: Sequence[Sequence[GroupCurve]]) -> dict[str, Any]:
    """Costs of one strategy on all slices and ratios, summed, beside the greedy rule's."""
    ours, theirs, within, apart = [], [], [], []
    for curves in sets:
        for ratio in RATIOS:
            within.append(choose(curves, strategy, ratio=ratio).cost)
            if strategy in RULES:
                cost, difference = greedy(curves, RULES[strategy], ratio)
                ours.append(choose(curves, strategy, ratio=ratio, tolerance=difference).cost)
                apart.append(difference)
            else:
                cost = cheapest_of_the_grid(curves, strategy, ratio)
                ours.append(within[-1])
            theirs.append(cost)
    own, rule, default = map(np.array, (ours, theirs, within))
    told: dict[str, Any] = {
        "cost": float(own.sum()),
        "greedy_cost": float(rule.sum()),
        "cheaper": int((own < rule - 1e-6).sum()),
        "dearer": int((own > rule + 1e-6).sum()),
    }
    if strategy in RULES:
        told["greedy_furthest_apart"] = max(apart)
        told["at_tolerance"] = {
            "cost": float(default.sum()),
            "dearer_than_the_rule": int((default > rule + 1e-6).sum()),
            "rule_further_apart_than_it": int((np.array(apart) > TOLERANCE).sum()),
        }
    return told


def strategies(people: Adult) -> dict[str, Any]:
    """Costs of all strategies; of equalized odds, which the rule does not know, the cost alone."""
    sets = list(slices(people))
    found: dict[str, Any] = {"slice_sets": len(sets), "ratios": RATIOS}
    began = time.perf_counter()
    for strategy in STRATEGIES[:-1]:
        found[strategy] = compared(strategy, sets)
    odds = [choose(curves, STRATEGIES[-1], ratio=ratio) for curves in sets for ratio in RATIOS]
    found[STRATEGIES[-1]] = {"cost": sum(each.cost for each in odds)}
    found["dearer"] = sum(found[name]["dearer"] for name in STRATEGIES[:-1])
    found["seconds"] = round(time.perf_counter() - began, 1)
    return found


def beside_optimizer(people: Adult) -> dict[str, Any]:
    """Errors of Fairlearn's ThresholdOptimizer by sex, whose randomized thresholds make rates equal
    in the mean, beside those of fixed thresholds that are alike within a tolerance."""
    from fairlearn.postprocessing import ThresholdOptimizer
    from sklearn.base import BaseEstimator

    class Given(BaseEstimator):  # type: ignore[misc]
        """Its only feature is the score."""

        def fit(self, _rows: object, _truth: object) -> Given:
            self.fitted_ = True
            return self

        def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
            return rows[:, 0]

    values, codes = np.unique([row["sex"] for row in people.groups], return_inverse=True)
    column = Column(("sex",), tuple(values.tolist()), codes.astype(np.int64))
    curves = group_curves(Scored(people.positive, people.scores, np.arange(len(codes)), column))
    rows, found = people.scores[:, None], {}
    for strategy, constraint in (
        ("demographic_parity", "demographic_parity"),
        ("equal_opportunity", "true_positive_rate_parity"),
        ("equalized_odds", "equalized_odds"),
    ):
        optimizer = ThresholdOptimizer(
            estimator=Given(),
            constraints=constraint,
            objective="accuracy_score",
            grid_size=5000,
            predict_method="predict",
        )
        optimizer.fit(rows, people.positive.astype(int), sensitive_features=codes)
        likely = optimizer._pmf_predict(rows, sensitive_features=codes)[:, 1]
        found[strategy] = {
            "fairlearn_randomized": float(np.where(people.positive, 1 - likely, likely).sum())
        } | {
            f"fixed_within_{tolerance}": choose(curves, strategy, tolerance=tolerance).cost
            for tolerance in (0.001, 0.01, 0.05)
        }
    return found


def measured_adult() -> dict[str, Any]:
    """Figures, strategies, and how long the audit of all people takes."""
    people = adult()
    settings = AuditSettings()
    began = time.perf_counter()
    truth = people.positive.astype(np.int64)
    measure = ClassMeasure(LABELS, truth, (people.scores >= 0.5).astype(np.int64))
    place = Place("scored", measure, truth, np.stack([1 - people.scores, people.scores], axis=1))
    of = people_of(people.groups, [str(at) for at in range(len(truth))], settings, truth=truth)
    facts = audit_people(of, [place], settings, TaskWords(""), seed=1, labels=LABELS)
    seconds = time.perf_counter() - began
    return {
        "people": len(truth),
        "accuracy": facts["overall"]["scored"]["figures"]["accuracy"]["value"],
        "audit_s": round(seconds, 1),
        "fairlearn": beside_fairlearn(people, facts),
        "strategies": strategies(people),
        "errors_beside_threshold_optimizer": beside_optimizer(people),
    }


DIGITS = """
[project]
name = "digits"
[data]
labels = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
sample_rate_hz = 8000
silence_label = ""
unknown_label = ""
[features]
fft_size = 256
high_hz = 4000
[model]
architecture = "tiny-conv"
[training]
epochs = 3
[audit]
columns = ["accent", "speaker"]
"""


def _coincell(*words: object) -> str:
    command = [sys.executable, "-m", "coincell", *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _digits(folder: Path) -> Path:
    project = folder / "digits"
    project.mkdir()
    (project / "coincell.toml").write_text(DIGITS, encoding="utf-8")
    source = SHARED / "spoken_digits" / "labels.csv"
    _coincell("data", "import", source, "--label-column", "digit", "--project", project)
    return project


def _voices(folder: Path) -> Path:
    project = folder / "demo"
    _coincell("new", "keyword-spotting", project)
    settings = project / "coincell.toml"
    text = settings.read_text(encoding="utf-8").replace("epochs = 25", "epochs = 3")
    text, given = re.subn(
        r"^\[audit\].*$", r'\g<0>\ncolumns = ["gender", "accent"]', text, flags=re.M
    )
    assert given, "new projects have [audit]"
    settings.write_text(text, encoding="utf-8")
    _coincell("data", "synthesize", "--project", project)
    return project


def measured_audit(project: Path) -> dict[str, Any]:
    """The command again, all stages before it done."""
    _coincell("audit", project, "--json")
    began = time.perf_counter()
    facts = json.loads(_coincell("audit", project, "--force", "--json"))
    seconds = time.perf_counter() - began
    return {
        "clips": facts["clips"],
        "people": facts["people"],
        "person": facts["person"],
        "columns": {column["name"]: len(column["groups"]) for column in facts["columns"]},
        "places": facts["places"],
        "rounds": facts["rounds"],
        "command_s": round(seconds, 1),
    }


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("adult", "audits"))
    arguments = parser.parse_args()
    if not SHARED.is_dir():
        sys.exit(f"needs the data in {SHARED}, which are not here")
    found: dict[str, Any] = {}
    if arguments.only != "audits":
        found["adult"] = measured_adult()
    if arguments.only != "adult":
        with tempfile.TemporaryDirectory() as folder:
            for name, made in (("spoken_digits", _digits), ("demo_voices", _voices)):
                found[name] = measured_audit(made(Path(folder)))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
