"""A made-up report for tests: every figure is invented, and its texts say "sample"."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from coincell.report import Report, promises_of

LABELS = (
    "yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go", "unknown", "silence",
)  # fmt: skip
_PER_CLASS = 30


def sample_report(**changes: Any) -> Report:
    """The whole report, with top-level keys replaced by `changes` (null as None)."""
    parts: dict[str, Any] = {
        "project": "sample-words",
        "task": "keyword-spotting",
        "created": "2026-01-02T03:04:05Z",
        "dataset": dataset(),
        "features": features(),
        "model": model(),
        "float": evaluation(seed=1, errors=0.04),
        "int8": evaluation(seed=2, errors=0.05),
        "metrics": {"accuracy": metric(0.951)},
        "board": board(),
        "exact": {
            "clips": 360,
            "clips_on_board": 50,
            "mismatches": 0,
            "oracle": "tflite-micro (sample)",
        },
        "gates": gates(),
        "warnings": [
            "Every recording was spoken by a synthesizer: sample figures say nothing of people."
        ],
        "provenance": provenance(),
    }
    report = Report.model_validate({**parts, **changes})
    if "promises" in changes:
        return report
    return report.model_copy(update={"promises": promises_of(report)})


def metric(value: float, clips: int = 360) -> dict[str, Any]:
    half = 1.96 * math.sqrt(value * (1 - value) / clips)
    return {"value": value, "ci95": [max(0.0, value - half), min(1.0, value + half)]}


def dataset() -> dict[str, Any]:
    def split(name: str, share: float, speakers: int) -> dict[str, Any]:
        counts = {
            label: round((140 + 9 * (index % 4)) * share) for index, label in enumerate(LABELS)
        }
        samples = sum(counts.values())
        return {
            "name": name,
            "samples": samples,
            "duration_s": samples * 0.98,
            "speakers": speakers,
            "counts": counts,
        }

    splits = [split("train", 0.65, 21), split("validation", 0.15, 5), split("test", 0.2, 6)]
    samples = sum(part["samples"] for part in splits)
    return {
        "source": "A sample: 10 words, 32 invented voices, 5 accents, noise mixed under.",
        "synthetic": True,
        "samples": samples,
        "duration_s": samples * 0.98,
        "labels": LABELS,
        "sample_rate_hz": 16000,
        "window_samples": 16000,
        "window_ms": 1000.0,
        "split_by": "speaker",
        "splits": splits,
        "groups": {"speaker": 32, "accent": 5, "gender": 2},
        "notes": {"resampled": 1748, "padded": 312, "cropped": 4},
    }


def features() -> dict[str, Any]:
    return {
        "block": "log-mel",
        "shape": [49, 40],
        "settings": {"frame_ms": 30.0, "hop_ms": 20.0, "fft_size": 512, "normalization": "none"},
        "scale": 0.0532,
        "zero_point": 34,
        "hop_ms": 20.0,
        "low_hz": 20.0,
        "high_hz": 4000.0,
        "error": {
            "median_lsb": 0.21,
            "p99_lsb": 1.04,
            "max_lsb": 2.3,
            "reference": "SciPy float64 (sample)",
        },
        "examples": [
            {"label": label, "file": f"{label}/sample_{index}.wav", "values": voice(index)}
            for index, label in enumerate(LABELS[:6])
        ],
    }


def voice(seed: int) -> list[list[int]]:
    """A picture like a word's: a few moving formants over noise, int8 [49, 40]."""
    generator = np.random.default_rng(seed)
    time = np.arange(49)[:, None]
    band = np.arange(40)[None, :]
    loud = np.exp(-(((time - 20 - 2 * seed) / 9.0) ** 2))
    picture = generator.normal(-95, 7, (49, 40))
    for formant in range(4):
        centre = 5 + 8.5 * formant + 3 * np.sin(time / (5 + seed) + formant)
        picture = picture + 150 / (1 + formant / 2) * loud * np.exp(-(((band - centre) / 2) ** 2))
    return np.clip(picture, -128, 127).astype(int).tolist()


def model() -> dict[str, Any]:
    epochs = np.arange(26)
    generator = np.random.default_rng(7)
    loss = 0.35 + 2.1 * np.exp(-epochs / 4.5) + generator.normal(0, 0.012, 26)
    validation = 0.42 + 1.9 * np.exp(-epochs / 4.8) + generator.normal(0, 0.03, 26)
    return {
        "architecture": "ds-cnn-small",
        "parameters": 22604,
        "tflite_bytes": 53936,
        "macs": 2656768,
        "tflite_sha256": "5a" * 32,
        "operators": {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 4, "FULLY_CONNECTED": 1, "SOFTMAX": 1},
        "history": {
            "loss": loss.round(4).tolist(),
            "validation_loss": validation.round(4).tolist(),
            "accuracy": (1 - 0.85 * np.exp(-epochs / 4.0)).round(4).tolist(),
            "validation_accuracy": (0.97 - 0.8 * np.exp(-epochs / 4.2)).round(4).tolist(),
            "best_epoch": 22,
            "stopped_early": True,
            "remark": "Training and validation go together.",
        },
        "quantization": {
            "mode": "qat",
            "reason": "qat is better: its mean loss on validation is -0.02 against ptq's.",
            "difference": {"value": -0.02, "ci95": [-0.03, -0.01]},
            "layer_losses": [
                {
                    "name": name,
                    "kind": "Conv2D",
                    "range_low": 0.0,
                    "range_high": 4.5,
                    "clipped": 0.0,
                    "bulk": 0.6,
                    "rounding_db": 44.0,
                    "kernel_db": 41.0,
                    "kernel_spread": 3.0,
                    "total_db": 38.0 - 2 * place,
                    "advice": "",
                }
                for place, name in enumerate(("conv_0_relu", "depthwise_1_relu", "logits"))
            ],
        },
        "yardstick": {
            "architecture": "fully-connected",
            "parameters": 23100,
            "macs": 22900,
            "accuracy": metric(0.842),
        },
    }


def evaluation(seed: int, errors: float) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    count = len(LABELS)
    confusion = np.zeros((count, count), dtype=int)
    for truth in range(count):
        wrong = generator.binomial(_PER_CLASS, errors * (1 + truth % 3))
        confusion[truth, truth] = _PER_CLASS - wrong
        for _ in range(wrong):
            confusion[truth, (truth + generator.integers(1, count)) % count] += 1
    per_class = [class_metrics(label, index, confusion) for index, label in enumerate(LABELS)]
    accuracy = metric(float(np.trace(confusion) / confusion.sum()))
    macros = {
        f"{key}_macro": metric(float(np.mean([entry[key]["value"] for entry in per_class])))
        for key in ("precision", "recall", "f1", "fpr", "fnr", "auc")
    }
    return {
        "samples": int(confusion.sum()),
        "accuracy": accuracy,
        **macros,
        "per_class": per_class,
        "confusion": confusion.tolist(),
        "roc": [roc_curve(label, 0.03 + 0.01 * index) for index, label in enumerate(LABELS)],
        "intervals": "rates by Wilson, the rest by a bootstrap over 6 sample speakers.",
    }


def class_metrics(label: str, index: int, confusion: np.ndarray) -> dict[str, Any]:
    hits = int(confusion[index, index])
    taken, own, everything = (
        int(confusion[:, index].sum()),
        int(confusion[index].sum()),
        int(confusion.sum()),
    )
    precision, recall = hits / max(taken, 1), hits / own
    return {
        "label": label,
        "samples": own,
        "precision": metric(precision, max(taken, 1)),
        "recall": metric(recall, own),
        "f1": metric(2 * precision * recall / (precision + recall), own),
        "fpr": metric((taken - hits) / (everything - own), everything - own),
        "fnr": metric(1 - recall, own),
        "auc": metric(0.998 - 0.002 * index),
    }


def roc_curve(label: str, softness: float) -> dict[str, Any]:
    fpr = np.linspace(0, 1, 400) ** 2
    tpr = fpr ** (softness / (1 + softness))
    return {
        "label": label,
        "fpr": fpr.round(6).tolist(),
        "tpr": tpr.round(6).tolist(),
        "auc": round(float(np.trapezoid(tpr, fpr)), 4),
    }


def board() -> dict[str, Any]:
    steps = [
        ("features", "log-mel", "features", 1_410_000, 28_000, 0),
        ("00 conv 10x4", "CONV_2D", "network", 1_950_000, 41_000, 320_000),
        *(
            step
            for block in range(4)
            for step in (
                (f"{2 * block + 1:02} depthwise 3x3", "DEPTHWISE_CONV_2D", "network", 640_000,
                 9_000, 72_000),
                (f"{2 * block + 2:02} conv 1x1", "CONV_2D", "network", 1_480_000, 66_000, 512_000),
            )
        ),
        ("09 average pool", "AVERAGE_POOL_2D", "network", 58_000, 200, 0),
        ("10 fully connected", "FULLY_CONNECTED", "network", 4_900, 800, 768),
        ("11 softmax", "SOFTMAX", "network", 2_100, 260, 0),
        ("decision", "smooth and threshold", "decision", 900, 20, 0),
        ("other", "dispatch and protocol", "other", 152_000, 3_000, 0),
    ]  # fmt: skip
    layers = [
        {
            "name": name,
            "operator": operator,
            "stage": stage,
            "symbol": f"sample_{index}",
            "instructions": instructions,
            "cycles": round(instructions * 1.24),
            "flash_loads": loads,
            "cycles_flash": round(instructions * 1.24) + 3 * loads,
            "macs": macs,
            "weight_bytes": macs // 60,
        }
        for index, (name, operator, stage, instructions, loads, macs) in enumerate(steps)
    ]
    total = {
        key: sum(int(layer[key]) for layer in layers)
        for key in ("instructions", "cycles", "flash_loads", "cycles_flash")
    }
    latency = total["cycles_flash"] / 64_000
    return {
        "name": "nano33ble",
        "title": "Arduino Nano 33 BLE Sense",
        "core": "Cortex-M4F",
        "clock_hz": 64_000_000,
        **total,
        "latency_ms": latency,
        "latency_range_ms": [latency * 0.9, latency * 1.45],
        "inferences_per_second": 1000 / latency,
        **energy_figures(total["cycles"], total["cycles_flash"]),
        "image_flash_bytes": 71_324,
        "flash_limit_bytes": 983_040,
        "image_ram_bytes": 41_216,
        "ram_limit_bytes": 262_144,
        "stack_bytes": 1_216,
        "stack_reserved_bytes": 8_192,
        "arena_bytes": 16_000,
        "cycle_model": {
            "source": "a model of the Cortex-M4 (sample)",
            "error": "Within -9.5 to +9.3 % on other boards; this board's flash adds up to 1.5 x.",
        },
        "layers": layers,
        "contributors": [
            {"symbol": "sample_conv_weights", "section": ".rodata", "bytes": 16_384},
            {"symbol": "sample_arena", "section": ".bss", "bytes": 16_000},
            {"symbol": "sample_windows", "section": ".bss", "bytes": 8_000},
            {"symbol": "sample_mel_table", "section": ".rodata", "bytes": 5_120},
            {"symbol": "sample_convolve", "section": ".text", "bytes": 2_412},
        ],
        "memory_map": [
            bank("flash", 1_048_576, 0, [("bootloader", 65_536), ("code", 18_944),
                                         ("constants", 52_200), ("initial data", 180)]),
            bank("ram", 262_144, 0x20000000, [("data", 180), ("arena", 16_000),
                                              ("samples", 8_000), ("other variables", 8_844),
                                              ("stack", 8_192)]),
        ],
    }  # fmt: skip


def energy_figures(cycles: int, cycles_flash: int) -> dict[str, Any]:
    return {
        "energy_uj": 155e-6 * cycles,
        "energy_flash_uj": 155e-6 * cycles_flash,
        "average_mw": 5.64,
        "average_mw_range": [5.55, 8.6],
        "battery_days": 46.9,
        "battery_days_range": [21.7, 62.7],
        "energy": energy(),
    }


def energy() -> dict[str, Any]:
    lines = [
        ("microphone", "on", 1.0, 650e-6), ("hfclk", "crystal", 0.91, 592e-6),
        ("pdm", "on", 1.0, 354e-6), ("cpu", "run", 0.09, 282e-6),
        ("power light", "as shipped", 1.0, 40e-6), ("cpu", "sleep", 0.91, 2.2e-6),
        ("lfclk", "rc", 1.0, 0.81e-6),
    ]  # fmt: skip
    total = sum(average for _, _, _, average in lines)
    return {
        "live": True,
        "as_shipped": True,
        "supply_v": 3.0,
        "core_share": 0.09,
        "average_a": total,
        "average_a_range": [0.98 * total, 1.5 * total],
        "peak_a": 4.9e-3,
        "dominant": "Most goes to the sample's microphone.",
        "lines": [
            {
                "name": name, "state": state, "time_share": time, "draws_a": average / time,
                "average_a": average, "average_a_range": [average, 1.4 * average],
                "energy_share": average / total, "basis": "assumed", "source": "a sample",
            }
            for name, state, time, average in lines
        ],
        "battery": "sample cells",
        "battery_warnings": ["A sample cell is asked for too much."],
        "ways": [
            {"name": "duty cycle", "awake_share": 0.008, "awake_share_range": [0.003, 0.012],
             "told": "It lasts a year if it sleeps (sample)."},
        ],
        "server": [
            {"name": name, "title": f"{name} (sample)", "average_mw": power,
             "average_mw_range": [power, 1.5 * power], "radio_mw": power - 5.6,
             "bytes_a_day": count, "delay_ms": delay, "delay_range_ms": [0.8 * delay, 2 * delay],
             "battery_days": 260 / power, "battery_days_range": [130 / power, 340 / power]}
            for name, power, count, delay in (
                ("decisions", 5.64, 1600.0, 84.5), ("features", 5.73, 42e6, 135.0),
                ("raw", 10.8, 2.76e9, 100.0),
            )
        ],
        "server_sources": ["A sample of a source."],
    }  # fmt: skip


def bank(name: str, size: int, origin: int, regions: list[tuple[str, int]]) -> dict[str, Any]:
    placed, address = [], origin
    for region, length in [*regions, ("free", size - sum(length for _, length in regions))]:
        placed.append({"name": region, "bytes": length, "address": address})
        address += length
    return {"name": name, "bytes": size, "regions": placed}


def gates() -> list[dict[str, Any]]:
    return [
        {"name": "accuracy", "limit": 0.9, "value": 0.951, "passed": True, "bound": "at least",
         "unit": "share"},
        {"name": "accuracy_loss", "limit": 0.01, "value": 0.003, "passed": True, "unit": "share"},
        {"name": "flash", "limit": 983040, "value": 71324, "passed": True, "unit": "bytes"},
        {"name": "ram", "limit": 262144, "value": 41216, "passed": True, "unit": "bytes"},
        {"name": "stack", "limit": 8192, "value": 1216, "passed": True, "unit": "bytes"},
        {"name": "latency", "limit": 1000, "value": 241.3, "passed": True, "unit": "ms"},
        {"name": "exact", "limit": 0, "value": 0, "passed": True, "unit": "clips"},
    ]  # fmt: skip


def stopped_report() -> Report:
    """A run that did not fit: nothing after the link was reached."""
    sizes = {
        key: value
        for key, value in board().items()
        if key in ("name", "title", "core", "clock_hz", "image_flash_bytes", "image_ram_bytes",
                   "flash_limit_bytes", "contributors", "memory_map")
    }  # fmt: skip
    reason = "The image needs 301,004 bytes of RAM; the board has 262,144. Largest: sample_arena."
    return sample_report(
        board={**sizes, "image_ram_bytes": 301_004, "ram_limit_bytes": 262_144},
        exact=None,
        gates=[
            {"name": "flash", "limit": 983040, "value": 71324, "passed": True, "unit": "bytes"},
            {"name": "ram", "limit": 262144, "value": 301004, "passed": False, "unit": "bytes",
             "reason": reason},
            {"name": "latency", "limit": 1000, "value": None, "passed": None, "unit": "ms"},
        ],
        stopped={"stage": "firmware", "reason": reason, "hint": "A smaller network would fit."},
    )  # fmt: skip


def provenance() -> dict[str, Any]:
    return {
        "coincell": "0.0.0-sample",
        "command": "coincell run",
        "seed": 1,
        "python": "3.11.2",
        "platform": "Linux x86-64",
        "processor": "sample processor",
        "tools": [
            {"name": "arm-none-eabi-gcc", "version": "12.2.1", "detail": "-O2 -std=c11"},
            {"name": "tflite-micro", "version": "0.dev-sample"},
        ],
        "packages": {"numpy": "2.0-sample", "keras": "3.0-sample"},
        "hashes": {"model.tflite": "5a" * 32, "firmware.elf": "a5" * 32},
        "stages": [
            {"name": "dataset", "key": "1f" * 32, "seconds": 12.1, "reused": True},
            {"name": "train", "key": "2e" * 32, "seconds": 143.0},
        ],
        "configuration": '[project]\nname = "sample-words"\n',
    }
