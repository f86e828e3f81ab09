"""The project's chain as a stream on this computer: what `coincell listen` hears with."""

from __future__ import annotations

from coincell.firmware import Application
from coincell.pipeline.runner import Demand, Listener, alone, run_stages, unheard
from coincell.pipeline.stages.firmware import application
from coincell.pipeline.stages.table import STAGES
from coincell.project import Project


def project_application(project: Project, listener: Listener = unheard) -> Application:
    """The chain of the project as it stands; stages that are stale are brought up to date.

    Raises:
        UserError: the recordings, the configuration or the tools need mending.
    """
    with alone(project, STAGES, listener):
        artefacts = run_stages(project, STAGES, Demand(until="quantize"), listener).artefacts
        return application(artefacts["features"], artefacts["quantize"], project.configuration)
