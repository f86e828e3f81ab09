"""Running an image: the virtual board, and the protocol that it shares with real ones."""

from coincell.board.client import BoardClient, BoardInfo, BoardResult, Transport
from coincell.board.measurement import Measurement, PartCost, measure
from coincell.board.model import ModelBoard, ModelMeasurement, measure_model
from coincell.board.virtual import StackOverflowError, VirtualBoard

__all__ = [
    "BoardClient",
    "BoardInfo",
    "BoardResult",
    "Measurement",
    "ModelBoard",
    "ModelMeasurement",
    "PartCost",
    "StackOverflowError",
    "Transport",
    "VirtualBoard",
    "measure",
    "measure_model",
]
