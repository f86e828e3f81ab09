"""The cycle model as Coincell uses it; its rules stand in emulator_worker/cortex_m4.py."""

from __future__ import annotations

from coincell.board.emulator_worker.cortex_m4 import (
    TAKEN_CYCLES,
    BlockCost,
    UnknownInstructionError,
)
from coincell.board.emulator_worker.cortex_m4 import CortexM4 as Model
from coincell.errors import BoardError, MissingExtraError

__all__ = ["TAKEN_CYCLES", "BlockCost", "CortexM4"]


class CortexM4:
    """Costs of blocks of Thumb code.

    Raises:
        MissingExtraError: the package capstone is not installed.
    """

    def __init__(self) -> None:
        try:
            self._model = Model()
        except ImportError as error:
            raise MissingExtraError("emulator", "capstone", "The cycle model") from error

    def block_cost(self, code: bytes, address: int) -> BlockCost:
        """Of the block `code`, which lies at `address`.

        Raises:
            BoardError: it holds something that is no instruction.
        """
        try:
            return self._model.block_cost(code, address)
        except UnknownInstructionError as error:
            raise BoardError(str(error)) from error
