"""Report -> one self-contained HTML page that works offline.

The page carries Vega, Vega-Lite and Vega's expression interpreter (vendor/README.md), so that no
text of the report is ever run as code: a content security policy forbids the network, `eval`, and
every script whose hash is not named in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from coincell.report import figures
from coincell.report.charts import (
    Chart,
    audit_charts,
    confusion_chart,
    contributors_chart,
    energy_charts,
    example_charts,
    f1_chart,
    latency_budget_chart,
    layers_chart,
    map_charts,
    memory_charts,
    normality_charts,
    quantity_charts,
    quantization_chart,
    roc_chart,
    split_chart,
    training_charts,
)
from coincell.report.charts.base import theme
from coincell.report.gallery_schema import Gallery
from coincell.report.glossary import Term, glossary, term_of_key
from coincell.report.pruning_table import distillation_rows, pruning_table
from coincell.report.schema import EvaluationPart, Report
from coincell.report.server_words import server_basis
from coincell.report.specimens import traces_svg
from coincell.report.tiles import tiles_of
from coincell.report.verdict import gate_limit, gate_title, is_limited, verdict
from coincell.report.words import channels_by_unit, words_of

_VEGA = "vega-6.4.0.min.js"
_VEGA_LITE = "vega-lite-6.4.3.min.js"
_INTERPRETER = "vega-interpreter-2.3.2.mjs"
_LICENCES = ("LICENSE.vega", "LICENSE.vega-lite", "LICENSE.vega-interpreter", "LICENSE.bundled")


def render_html(report: Report, gallery: Gallery | None = None) -> str:
    """The whole page; every text of the report is escaped, every chart has its table beside it.

    Args:
        report: the figures.
        gallery: single windows to show beside them.
    """
    charts = charts_of(report)
    maps = gallery.maps if gallery else ()
    charts["maps"] = tuple(chart for each in maps for chart in map_charts(each))
    scripts = [*_libraries(), _resource("templates/report.js")]
    data = {
        "theme": theme(),
        "charts": {chart.key: chart.spec for group in charts.values() for chart in group},
    }
    terms = _Terms()
    environment = _environment()
    environment.globals |= {
        "term": terms.link,
        "term_of_key": term_of_key,
        "gate_limit": gate_limit,
        "is_limited": is_limited,
        "server_basis": server_basis,
        "gate_title": gate_title,
        "number": figures.number,
        "rate": figures.rate,
        "words": words_of(report.dataset),
        "gallery": gallery,
        "traces_svg": traces_svg,
        "pruning_table": pruning_table,
        "distillation_rows": distillation_rows,
    }
    body = environment.get_template("report.html.j2").render(
        report=report,
        verdict=verdict(report),
        tiles=tiles_of(report),
        charts=charts,
        data=Markup(json_for_script(data)),  # noqa: S704 - escaped there
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - our own files
        policy=_policy(scripts),
        style=Markup(stylesheet()),  # noqa: S704 - our own file
        licences=[_resource(f"vendor/{name}") for name in _LICENCES],
        terms=terms,
    )
    return body + "\n"


def stylesheet() -> str:
    """The style of the report's page, for other pages that look like it."""
    return _resource("templates/report.css")


def charts_of(report: Report) -> dict[str, tuple[Chart, ...]]:
    """Every chart that the report has figures for, by section of the page."""
    labels = report.dataset.labels
    charts: dict[str, tuple[Chart, ...]] = {
        "dataset": (split_chart(report.dataset),) if labels else (),
        "features": example_charts(report.features) if report.features else (),
        "training": (),
        "quantization": (),
        "evaluation": (),
        "goal": (),
        "fairness": audit_charts(report.fairness) if report.fairness else (),
        "board": (),
        "energy": (),
        "memory": (),
    }
    if report.model and report.model.history:
        charts["training"] = training_charts(report.model.history)
    if report.model and report.model.quantization and report.model.quantization.layer_losses:
        charts["quantization"] = (quantization_chart(report.model.quantization),)
    charts["evaluation"] = _evaluation_charts(report)
    charts["goal"] = _goal_charts(report)
    if board := report.board:
        spans = report.dataset.window_ms
        budget = latency_budget_chart(board, spans) if spans else None
        layers = (layers_chart(board),) if board.layers else ()
        charts["board"] = (*([budget] if budget else []), *layers)
        charts["energy"] = energy_charts(board)
        largest = (contributors_chart(board),) if board.contributors else ()
        charts["memory"] = (*memory_charts(board), *largest)
    return charts


def _evaluation_charts(report: Report) -> tuple[Chart, ...]:
    models = _models(report)
    labels, many = report.dataset.labels, words_of(report.dataset).many
    charts = []
    if any(part.per_class for _, part in models):
        charts.append(f1_chart(report.float_, report.int8))
    charts += [roc_chart(name, part) for name, part in models[-1:] if part.roc]
    charts += [confusion_chart(name, part, labels, many) for name, part in models if part.confusion]
    return tuple(charts)


def _goal_charts(report: Report) -> tuple[Chart, ...]:
    """Of what tells the strange from the normal, or a number: the last model's."""
    for name, part in reversed(_models(report)):
        if part.normality:
            return normality_charts(name, part.normality)
        if part.quantity:
            return quantity_charts(name, part.quantity)
    return ()


def _models(report: Report) -> list[tuple[str, EvaluationPart]]:
    both = (("float", report.float_), ("int8", report.int8))
    return [(name, part) for name, part in both if part]


class _Terms:
    """Links terms to their meaning, and remembers which ones the page used."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def link(self, title: str, shown: str = "") -> Markup:
        """`title` as a link to its meaning; a name that is no term (a metric's) stays plain."""
        known = {term.title: term for term in glossary().values()}.get(title)
        if known is None:
            return Markup("{}").format(shown or title)
        self._used.add(known.slug)
        return Markup('<a class="term" href="#{}" data-meaning="{}">{}</a>').format(
            known.slug, known.meaning, shown or title
        )

    def used(self) -> list[Term]:
        """In the glossary's order."""
        return [term for slug, term in glossary().items() if slug in self._used]


def json_for_script(value: Any) -> str:
    """JSON that is harmless inside a <script> element, whatever strings it holds."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _policy(scripts: list[str]) -> str:
    """A content security policy: these scripts, the page's own styles and pictures, no more."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "media-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _libraries() -> tuple[str, ...]:
    """The vendored scripts; the interpreter, a module, is turned into a plain script."""
    module = _resource(f"vendor/{_INTERPRETER}")
    head, _, rest = module.partition("\n")
    body, _, _ = rest.partition("export {")
    names = head[head.index("{") : head.index("}") + 1]
    plain = (
        f"const expressionInterpreter = (() => {{\nconst {names} = vega;\n{body}"
        "return expression;\n})();"
    )
    return _resource(f"vendor/{_VEGA}"), _resource(f"vendor/{_VEGA_LITE}"), plain


@cache
def _resource(name: str) -> str:
    return files("coincell.report").joinpath(name).read_text(encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("coincell.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["groupby_unit"] = channels_by_unit
    for name in (
        "count",
        "short_count",
        "size",
        "percent",
        "milliseconds",
        "milliseconds_range",
        "seconds",
        "decimal",
        "rate",
        "number",
        "with_unit",
        "days",
        "microjoule",
        "current",
        "data_size",
        "small_percent",
        "quantity",
    ):
        environment.filters[name] = getattr(figures, name)
    return environment
