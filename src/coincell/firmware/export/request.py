"""What is exported: an application, its name, and all that is known of it."""

from __future__ import annotations

import keyword
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from coincell.errors import UserError
from coincell.firmware.application import Application
from coincell.firmware.description import Board
from coincell.firmware.export.answer import answer_of
from coincell.firmware.export.words import plain, words_of
from coincell.runtime import REPORT_UUID, SERVICE_UUID, TAKEN_UUID, VALUE_BYTES

_MOST_CHARACTERS = 48
_C_KEYWORDS = frozenset(
    [
        "auto",
        "break",
        "case",
        "char",
        "const",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extern",
        "float",
        "for",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "register",
        "restrict",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "typedef",
        "union",
        "unsigned",
        "void",
        "volatile",
        "while",
        "alignas",
        "alignof",
        "asm",
        "bool",
        "catch",
        "class",
        "constexpr",
        "delete",
        "explicit",
        "export",
        "false",
        "friend",
        "mutable",
        "namespace",
        "new",
        "nullptr",
        "operator",
        "private",
        "protected",
        "public",
        "template",
        "this",
        "throw",
        "true",
        "try",
        "typeid",
        "typename",
        "using",
        "virtual",
        "main",
        "setup",
        "loop",
    ]
)
_TAKEN = frozenset({"application", "core", "lib", "src", "test", "tests", "zephyr"})
"""Words with a meaning of their own in one of the formats."""


@dataclass(frozen=True)
class ExportRequest:
    """One application to be exported.

    Attributes:
        application: the chain.
        name: of the library; prefix of all its functions.
        version: of the library, such as "1.0.0".
        project: the project's name, for people.
        board: what it must fit.
        microphone_gain_db: what the microphone's interface adds, where a sketch can say so.
        facts: for the manifest: hashes, tools, figures; JSON values.
        forced: export what does not fit, or did not pass its gates.
        documents: texts that go along, such as the model card: file name -> text.

    Raises:
        UserError: the name or the version cannot be used.
    """

    application: Application
    name: str
    version: str
    project: str
    board: Board
    microphone_gain_db: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)
    forced: bool = False
    documents: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name(self.name)
        if not re.fullmatch(r"\d{1,5}\.\d{1,5}\.\d{1,5}", self.version):
            raise UserError(
                f"A library's version is three numbers, such as 1.0.0; received {self.version!r}."
            )

    @property
    def title(self) -> str:
        """The library's name as C++ and Arduino name things: TinyWords."""
        return "".join(word[:1].upper() + word[1:] for word in self.name.split("_"))

    @property
    def values(self) -> dict[str, Any]:
        """What every template may use."""
        import coincell

        application = self.application
        return {
            "name": self.name,
            "upper": self.name.upper(),
            "title": self.title,
            "version": self.version,
            "project": self.project,
            "coincell": coincell.__version__,
            "board": self.board.board.title,
            "hop_samples": application.hop_samples,
            "counts": application.counting is not None,
            "report_seconds": application.counting.interval_s if application.counting else 0,
            "bluetooth": {
                "service": SERVICE_UUID,
                "report": REPORT_UUID,
                "taken": TAKEN_UUID,
                "bytes": VALUE_BYTES,
            },
            "features": math.prod(application.features.shape),
            "labels": tuple(plain(label) for label in application.labels),
            "score_bytes": application.score_bytes,
            "smoothing_windows": application.decision.smoothing_windows,
            "threshold": application.decision.threshold,
            "answer": answer_of(application),
            "goal": application.goal,
            "is_event": self.event_verb,
            "program": self.program,
            "words": words_of(application),
            "description": self.description,
            **window_values(application),
        }

    @property
    def program(self) -> str:
        """Of the program for computers: it listens to a sound, and decides on other things."""
        return f"{self.name}_{'listen' if self.application.form.sense == 'sound' else 'decide'}"

    @property
    def event_verb(self) -> str:
        """Of the function that tells whether a label stands for something."""
        application = self.application
        words = application.form.sense == "sound" and application.goal == "classes"
        return "is_heard" if words else "is_event"

    @property
    def description(self) -> str:
        """One sentence."""
        application = self.application
        labels = ", ".join(plain(label) for label in application.labels)
        does = {
            "classes": f"Tells {labels} apart",
            "normality": f"Tells from {application.form.sense} how far it is from normal",
            "quantity": f"Tells {labels} from {application.form.sense}",
        }
        return (
            f"{does[application.goal]} on a microcontroller: features, network and decision in C."
        )


def window_values(application: Application) -> dict[str, Any]:
    """For the templates: of what a window consists."""
    form = application.form
    return {
        "sense": form.sense,
        "sample_type": f"{form.dtype}_t",
        "sample_rate_hz": form.rate_hz,
        "window_samples": form.samples,
        "window_values": form.values,
        "channels": form.channels,
        "width": form.width,
        "height": form.height,
        "step_values": application.step_values,
        "channel_table": _channel_table(application),
    }


def _channel_table(application: Application) -> list[tuple[str, str, str]]:
    """Of each channel its name, its unit, and what 32768 stands for; empty but for motion."""
    channels = application.channels
    if channels is None:
        return []
    each = zip(channels.names, channels.units, channels.full_scale, strict=True)
    return [(plain(name), plain(unit), f"{most:g}") for name, unit, most in each]


def check_name(name: str) -> None:
    """Whether a library can be called so.

    Raises:
        UserError: it cannot; the hint names one that can.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or len(name) > _MOST_CHARACTERS:
        suggestion = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_0123456789")
        hint = f"Try --name {suggestion[:_MOST_CHARACTERS]}." if suggestion else ""
        raise UserError(
            "A library's name is an identifier of at most 48 letters, digits and underscores that "
            f"begins with a letter; received {name!r}.",
            hint,
        )
    taken = _C_KEYWORDS | _TAKEN | set(keyword.kwlist) | set(sys.stdlib_module_names)
    if name.lower() in {word.lower() for word in taken}:
        raise UserError(
            f"{name!r} has a meaning of its own in C or Python, and cannot name a library.",
            hint=f"Try --name {name}_model.",
        )
