"""What a pass is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coincell.compiler.ir import Graph


@dataclass(frozen=True)
class Pass:
    """A named step of the lowering: takes any legal graph, gives a legal one of the same meaning.

    Attributes:
        name: as it stands in traces.
        needs: what must hold before it can do all it does; it is correct without.
        gives: what holds afterwards.
        run: the pass itself.
    """

    name: str
    needs: str
    gives: str
    run: Callable[[Graph], Graph]
