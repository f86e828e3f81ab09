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
from coincell.board.block_cost import BlockBench, BlockCost
from coincell.board.bridge import Bridge
from coincell.board.client import BoardClient, BoardInfo, BoardResult, Transport
from coincell.board.collecting import CollectingLine, Take
from coincell.board.energy import (
    Activity,
    Bounds,
    Energy,
    EnergyLine,
    InferenceEnergy,
    energy_of,
    inference_energy,
)
from coincell.board.feed import Feed, Heading
from coincell.board.flash_tools import choose_tool
from coincell.board.flashing import Flashed, check_identity, flash
from coincell.board.golden import (
    SelfTest,
    WindowResult,
    golden_windows,
    learn_waits,
    self_test,
)
from coincell.board.image_file import ImageFile, open_image
from coincell.board.measurement import Measurement, PartCost, measure
from coincell.board.microphone import Microphone
from coincell.board.model import ModelBoard, ModelMeasurement, measure_model
from coincell.board.monitor import Heard, LineReader
from coincell.board.placing import PlacingClient
from coincell.board.ports import Port, choose_port, list_ports
from coincell.board.protocol import BoardEvent, Listening
from coincell.board.samples import read_arrays, seeded_samples
from coincell.board.serial_port import SerialPort
from coincell.board.server import (
    ServerComparison,
    ServerOption,
    Task,
    compare_with_server,
    listening_activity,
    listening_task,
    seeing_activity,
)
from coincell.board.session import (
    Decision,
    Request,
    Session,
    Spell,
    live_activity,
    run_session,
    sensing_activity,
)
from coincell.board.stream import STREAM_RATE_HZ, run_stream
from coincell.board.virtual import StackOverflowError, VirtualBoard
from coincell.board.worlds import (
    Motion,
    Scene,
    fit_sensors,
    motion_of,
    put_motion,
    put_scene,
    read_motion,
    read_scene,
)
from coincell.board.year import Way, days_at, ways_to_last

__all__ = [
    "STREAM_RATE_HZ",
    "Activity",
    "Battery",
    "BatteryLife",
    "Bench",
    "BenchLayer",
    "BenchModel",
    "BenchTarget",
    "BlockBench",
    "BlockCost",
    "BoardClient",
    "BoardEvent",
    "BoardInfo",
    "BoardResult",
    "Bounds",
    "Bridge",
    "CollectingLine",
    "Decision",
    "Energy",
    "EnergyLine",
    "Expected",
    "Feed",
    "Flashed",
    "Heading",
    "Heard",
    "ImageFile",
    "InferenceEnergy",
    "LineReader",
    "Listening",
    "Measurement",
    "Microphone",
    "ModelBoard",
    "ModelMeasurement",
    "Motion",
    "PartCost",
    "PlacingClient",
    "Port",
    "Request",
    "Scene",
    "SelfTest",
    "SerialPort",
    "ServerComparison",
    "ServerOption",
    "Session",
    "Spell",
    "StackOverflowError",
    "Take",
    "Task",
    "Transport",
    "VirtualBoard",
    "Way",
    "WindowResult",
    "battery_life",
    "battery_names",
    "bench_model",
    "check_identity",
    "choose_port",
    "choose_tool",
    "compare_with_server",
    "days_at",
    "energy_of",
    "fit_sensors",
    "flash",
    "golden_windows",
    "inference_energy",
    "learn_waits",
    "list_ports",
    "listening_activity",
    "listening_task",
    "live_activity",
    "load_battery",
    "measure",
    "measure_model",
    "motion_of",
    "open_image",
    "oracle_outputs",
    "put_motion",
    "put_scene",
    "read_arrays",
    "read_motion",
    "read_scene",
    "run_session",
    "run_stream",
    "seeded_samples",
    "seeing_activity",
    "self_test",
    "sensing_activity",
    "ways_to_last",
]
