"""[card]: what model card and data-set card say and no run can measure."""

from __future__ import annotations

from pydantic import Field

from coincell.project.audit_settings import Sentence
from coincell.project.section import Section


class CardSettings(Section):
    """[card]: what the cards say and no run can measure; what is empty they mark as missing"""

    authors: Sentence = Field("", description="Who made the model, and how to reach them.")
    licence: Sentence = Field("", description="Under which others may use the model.")
    ethics: Sentence = Field(
        "", description="Which harm was thought of, who was asked, and what was done about it."
    )
    caveats: Sentence = Field("", description="What is known to be missing or not to work.")
    data_purpose: Sentence = Field("", description="Why the data were collected, and for whom.")
    data_collection: Sentence = Field(
        "", description="Who recorded what: where, when, with which devices, and how chosen."
    )
    consent: Sentence = Field(
        "", description="What the people recorded were told and agreed to, and how they undo it."
    )
    data_labels: Sentence = Field("", description="Who labelled the data, and how it was checked.")
    data_licence: Sentence = Field("", description="Under which the data may be used.")
    data_distribution: Sentence = Field("", description="Whom the data are given to, and how.")
    data_maintenance: Sentence = Field(
        "", description="Who corrects and deletes data, on whose word, and until when they stay."
    )
