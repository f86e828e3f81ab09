"""The words of exported files that differ from sense to sense and from goal to goal."""

from __future__ import annotations

from dataclasses import dataclass

from coincell.firmware.application import Application


@dataclass(frozen=True)
class Words:
    """What a template calls things.

    Attributes:
        sample: one step in time, or a picture.
        samples: several.
        values: what the numbers that come in are.
        value: C's name of their type, without _t.
        source: where they come from.
        class_name: what a label is.
        label: what the label of a decision can be.
        whole: that no step is given in parts; "" where it cannot be.
        channels: of a file, in words.
        colours: of a pixel.
        stream: what becomes of an input, in capitals.
        too_short: begins the complaint about an input without a decision.
    """

    sample: str
    samples: str
    values: str
    value: str
    source: str
    class_name: str
    label: str
    whole: str
    channels: str
    colours: str
    stream: str
    too_short: str


_LABELS = {
    "classes": "index of the class, -1 for none",
    "normality": "1 for what is strange, else 0",
    "quantity": "0; -1 where no network ran",
}


def plain(text: str) -> str:
    """What users wrote, for a C string or comment and for JSON: without quotes and the like."""
    return "".join(letter for letter in text if letter.isprintable() and letter not in '"\\*?')


def words_of(application: Application) -> Words:
    """For an application's templates."""
    form = application.form
    sample, values, source, class_name = {
        "sound": ("sample", "samples", "samples, from a microphone", "word"),
        "motion": ("sample", "readings", "readings, from a sensor", "class"),
        "picture": ("picture", "pixels", "pictures, from a camera", "class"),
    }[form.sense]
    return Words(
        sample=sample,
        samples=f"{sample}s",
        values=values,
        value=str(form.dtype),
        source=source,
        class_name=class_name,
        label=_LABELS[application.goal],
        whole=f", whole {sample}s" if application.step_values > 1 else "",
        channels="one channel" if form.channels == 1 else f"{form.channels} channels",
        colours="red, green, blue" if form.channels == 3 else "grey",
        stream={"sound": "SOUND", "motion": "READINGS", "picture": "PICTURE"}[form.sense],
        too_short="the sound is" if form.sense == "sound" else "the readings are",
    )
