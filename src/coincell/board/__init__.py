"""Running an image: the virtual board, and the protocol that it shares with real ones."""

from coincell.board.bench import (
    Bench,
    BenchLayer,
    BenchModel,
    BenchTarget,
    Expected,
    bench_model,
    oracle_outputs,
)
from coincell.board.client import BoardClient, BoardInfo, BoardResult, Transport
from coincell.board.measurement import Measurement, PartCost, measure
from coincell.board.model import ModelBoard, ModelMeasurement, measure_model
from coincell.board.samples import read_arrays, seeded_samples
from coincell.board.stream import STREAM_RATE_HZ, run_stream
from coincell.board.virtual import StackOverflowError, VirtualBoard

__all__ = [
    "STREAM_RATE_HZ",
    "Bench",
    "BenchLayer",
    "BenchModel",
    "BenchTarget",
    "BoardClient",
    "BoardInfo",
    "BoardResult",
    "Expected",
    "Measurement",
    "ModelBoard",
    "ModelMeasurement",
    "PartCost",
    "StackOverflowError",
    "Transport",
    "VirtualBoard",
    "bench_model",
    "measure",
    "measure_model",
    "oracle_outputs",
    "read_arrays",
    "run_stream",
    "seeded_samples",
]
