"""What is exported: an application, its name, and all that is known of it."""

from __future__ import annotations

import keyword
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from coincell.errors import ConfigurationError, UserError
from coincell.firmware.application import Application
from coincell.firmware.description import Board

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
        facts: for the manifest: hashes, tools, figures; JSON values.
        forced: export what does not fit, or did not pass its gates.

    Raises:
        UserError: the name or the version cannot be used.
    """

    application: Application
    name: str
    version: str
    project: str
    board: Board
    facts: Mapping[str, Any] = field(default_factory=dict)
    forced: bool = False

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

        application, network = self.application, self.application.model
        if network is None or application.goal != "classes" or application.form.sense != "sound":
            raise ConfigurationError(
                "What is exported decides which class a sound is of; this project's image answers "
                f"another question ({application.goal} of {application.form.sense}).",
                hint="`coincell flash` brings its image to a board.",
            )
        output = network.outputs[0]
        return {
            "name": self.name,
            "upper": self.name.upper(),
            "title": self.title,
            "version": self.version,
            "project": self.project,
            "coincell": coincell.__version__,
            "board": self.board.board.title,
            "sample_rate_hz": application.sample_rate_hz,
            "window_samples": application.form.samples,
            "hop_samples": application.hop_samples,
            "features": math.prod(application.features.shape),
            "labels": application.labels,
            "smoothing_windows": application.decision.smoothing_windows,
            "threshold": application.decision.threshold,
            # A mean score is in 1/256 of the output's unit, and 1.0 is 1000 permille.
            "score_zero": output.zero_point * 256,
            "permille_multiplier": round(output.scale / 256 * 1000 * (1 << 24)),
            "description": self.description,
        }

    @property
    def description(self) -> str:
        """One sentence."""
        labels = ", ".join(self.application.labels)
        return f"Tells {labels} apart on a microcontroller: features, network and decision in C."


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
