"""Running an image: the virtual board, and the protocol that it shares with real ones."""

from coincell.board.battery import Battery, BatteryLife, battery_life, battery_names, load_battery
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
from coincell.board.energy import (
    Activity,
    Bounds,
    Energy,
    EnergyLine,
    InferenceEnergy,
    energy_of,
    inference_energy,
)
from coincell.board.image_file import ImageFile, open_image
from coincell.board.measurement import Measurement, PartCost, measure
from coincell.board.model import ModelBoard, ModelMeasurement, measure_model
from coincell.board.samples import read_arrays, seeded_samples
from coincell.board.server import (
    ServerComparison,
    ServerOption,
    Task,
    compare_with_server,
    listening_activity,
)
from coincell.board.session import Decision, Request, Session, Spell, run_session
from coincell.board.stream import STREAM_RATE_HZ, run_stream
from coincell.board.virtual import StackOverflowError, VirtualBoard
from coincell.board.year import Way, ways_to_last

__all__ = [
    "STREAM_RATE_HZ",
    "Activity",
    "Battery",
    "BatteryLife",
    "Bench",
    "BenchLayer",
    "BenchModel",
    "BenchTarget",
    "BoardClient",
    "BoardInfo",
    "BoardResult",
    "Bounds",
    "Decision",
    "Energy",
    "EnergyLine",
    "Expected",
    "ImageFile",
    "InferenceEnergy",
    "Measurement",
    "ModelBoard",
    "ModelMeasurement",
    "PartCost",
    "Request",
    "ServerComparison",
    "ServerOption",
    "Session",
    "Spell",
    "StackOverflowError",
    "Task",
    "Transport",
    "VirtualBoard",
    "Way",
    "battery_life",
    "battery_names",
    "bench_model",
    "compare_with_server",
    "energy_of",
    "inference_energy",
    "listening_activity",
    "load_battery",
    "measure",
    "measure_model",
    "open_image",
    "oracle_outputs",
    "read_arrays",
    "run_session",
    "run_stream",
    "seeded_samples",
    "ways_to_last",
]
