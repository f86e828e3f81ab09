"""What a deep check found, as a page to hear and see."""

from __future__ import annotations

from coincell.data import Sample
from coincell.pipeline.deep_checking import DeepReport, Suspect
from coincell.project import Project
from coincell.report import Case, Exhibit, second_look_page

_CASES_A_RULE = 20
_OTHERS = 2
_KINDS = {"sound": "audio/wav", "picture": "image/png"}


def suspects_page(project: Project, found: DeepReport) -> str:
    """HTML with the twenty strongest of each rule, their files within it."""
    chapters = [
        (
            finding.message,
            [
                _case(project, one)
                for one in [s for s in found.suspects if s.rule == finding.rule][:_CASES_A_RULE]
            ],
        )
        for finding in found.findings
    ]
    name = project.configuration.project.name
    return second_look_page(f"{name}: recordings worth a second look", chapters)


def _case(project: Project, suspect: Suspect) -> Case:
    shown = (suspect.sample, *suspect.others[:_OTHERS])
    return Case(suspect.said, tuple(_exhibit(project, sample) for sample in shown))


def _exhibit(project: Project, sample: Sample) -> Exhibit:
    settings = project.configuration.data
    word = sample.label if sample.target is None else f"{sample.target:g} {sample.unit}"
    path = project.data_directory / sample.file
    if settings.sense == "motion":
        import numpy as np

        readings = np.load(path, allow_pickle=False)
        return Exhibit(sample.file, word, "readings", readings)
    return Exhibit(sample.file, word, _KINDS[settings.sense], path.read_bytes())
