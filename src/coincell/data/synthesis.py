"""Words x voices -> data set: recordings that nobody had to make.

Every clip is a pure function of the configuration, the seed and the speech engine: each has a
generator of its own, keyed by what it is, so neither order nor number of the others matters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import resample, to_int16
from coincell.data.manifest import NOISE_LABEL, SPLITS, Dataset, Sample, Source, Split
from coincell.data.noise import NOISES, cut_noise, generator_for, make_noise, scale_for_snr
from coincell.data.progress import Progress, silent
from coincell.data.silence import SILENCE_FORMAT, make_silence
from coincell.data.speech import Speech, Utterance
from coincell.data.store import Store, open_store
from coincell.data.voice_groups import training_groups
from coincell.data.voices import Voice, choose_voices
from coincell.errors import DataError
from coincell.files import sha256_bytes
from coincell.project import Project

SPEECH_FORMAT = "synthetic speech"
NOISE_FORMAT = "synthetic noise"
_SYNTHETIC = (SPEECH_FORMAT, NOISE_FORMAT, SILENCE_FORMAT)
_METHOD = 1  # part of each clip's key: raise it when the same parameters give another clip
_NOISE_SECONDS = 10
_PEAK_DB = (-18.0, -3.0)
_RANGE = (35, 65)
_TRIM_DB = 40.0
_TRIM_FRAME_S = 0.005
_TRIM_MARGIN_S = 0.02


@dataclass(frozen=True)
class SynthesisSummary:
    """What a synthesis did.

    Attributes:
        made: clips that are new.
        kept: clips that were there already, made from the same parameters.
        removed: clips of an earlier synthesis that the configuration no longer asks for.
        voices: the speakers.
        longer_than_window: spoken words that are longer than the window.
        dataset: as it is now.
    """

    made: int
    kept: int
    removed: int
    voices: tuple[Voice, ...]
    longer_than_window: int
    dataset: Dataset


@dataclass(frozen=True)
class _Take:
    """One spoken clip to be made; `key` names all that it depends on."""

    file: str
    label: str
    voice: Voice
    utterance: Utterance
    key: str

    def groups(self) -> dict[str, str]:
        return {
            "speaker": self.voice.speaker,
            "accent": self.voice.accent,
            "gender": self.voice.gender,
            "word": self.utterance.text,
            "rate": str(self.utterance.rate),
            "pitch": str(self.utterance.pitch),
        }


def synthesize(project: Project, progress: Progress = silent) -> SynthesisSummary:
    """Make the clips that [synthesis] asks for: words, other words, silence, background noise.

    Clips made before from the same parameters are kept, others of an earlier synthesis are
    replaced; imported recordings stay. Each voice is one speaker, on one side of the split.

    Raises:
        MissingExtraError: the extra "voices" is not installed.
        DataError: a word that is no label, a voice or accent that espeak-ng does not have.
    """
    settings = project.configuration.synthesis
    seed = project.configuration.project.seed
    voices = choose_voices(
        settings.voices, settings.accents, project.configuration.data.split, seed
    )
    voices = training_groups(voices, settings, seed)
    with Speech() as speech, open_store(project) as store:
        takes = _plan(project, voices, speech.identity)
        earlier = [
            sample
            for sample in (*store.before.samples, *store.before.noise)
            if sample.source.format in _SYNTHETIC
        ]
        noise, noise_samples = _background(project, store)
        there = {s.file: s for s in earlier if store.holds(s)}
        kept = [there[t.file] for t in takes if _same(there.get(t.file), t)]
        kept_files = {sample.file for sample in kept}
        missing = [take for take in takes if take.file not in kept_files]
        made, longer = _speak(missing, project, store, speech, noise, progress)
        samples = [*kept, *made, *noise_samples]
        samples += make_silence(
            project, store, store.merged(samples, earlier), total=settings.silence_clips, redo=True
        )
        files = {sample.file for sample in samples}
        removed = [sample for sample in earlier if sample.file not in files]
        dataset = store.publish(samples, removed)
    return SynthesisSummary(len(made), len(kept), len(removed), voices, longer, dataset)


def _same(sample: Sample | None, take: _Take) -> bool:
    return sample is not None and sample.source.sha256 == take.key


def _words(project: Project) -> tuple[str, ...]:
    data, settings = project.configuration.data, project.configuration.synthesis
    others = (data.silence_label, data.unknown_label)
    words = settings.words or tuple(label for label in data.labels if label not in others)
    for word in words:
        if word not in data.labels:
            raise DataError(
                f"synthesis.words has {word!r}, which is not in data.labels.",
                "A word that the model should tell is a label; others go to unknown_words.",
            )
    return words


def _plan(project: Project, voices: Sequence[Voice], engine: str) -> list[_Take]:
    """Every spoken clip: each voice says each word; and other words, in turn."""
    data, settings = project.configuration.data, project.configuration.synthesis
    words = _words(project)
    takes = [
        _take(project, word, word, voice, number, engine)
        for word in words
        for voice in voices
        for number in range(settings.clips_per_word_and_voice)
    ]
    others = [word for word in settings.unknown_words if word not in data.labels]
    if data.unknown_label in data.labels and others:
        count = settings.unknown_clips_per_voice or 3 * settings.clips_per_word_and_voice
        for voice in voices:
            for number in range(count):
                word = others[(voice.number * count + number) % len(others)]
                takes.append(_take(project, data.unknown_label, word, voice, number, engine))
    return takes


def _take(project: Project, label: str, word: str, voice: Voice, number: int, engine: str) -> _Take:
    configuration = project.configuration
    settings, seed = configuration.synthesis, configuration.project.seed
    rng = generator_for(seed, "take", word, voice.speaker, number)
    utterance = Utterance(
        word,
        voice.accent,
        voice.variant,
        int(rng.integers(settings.rate_wpm[0], settings.rate_wpm[1] + 1)),
        int(rng.integers(settings.pitch[0], settings.pitch[1] + 1)),
        int(rng.integers(_RANGE[0], _RANGE[1] + 1)),
    )
    key = json.dumps(
        [
            _METHOD, seed, label, asdict(utterance), number, voice.split, engine,
            configuration.data.sample_rate_hz, configuration.data.window_ms,
            settings.noise_snr_db,
        ]
    )  # fmt: skip
    name = word.replace(" ", "_")
    file = f"{label}/synthetic-{name}-{voice.accent}+{voice.variant}-{number:02}.wav"
    return _Take(file, label, voice, utterance, sha256_bytes(key.encode()))


def _background(
    project: Project, store: Store
) -> tuple[dict[Split, list[NDArray[np.int16]]], list[Sample]]:
    """Ten seconds of each kind of noise for each split."""
    seed = project.configuration.project.seed
    rate_hz = store.rate_hz
    noise: dict[Split, list[NDArray[np.int16]]] = {split: [] for split in SPLITS}
    samples: list[Sample] = []
    for split in SPLITS:
        for kind in NOISES:
            rng = generator_for(seed, "noise", split, kind)
            made = to_int16(make_noise(kind, _NOISE_SECONDS * rate_hz, rate_hz, rng))
            file = f"{NOISE_LABEL}/synthetic-{kind}-{split}.wav"
            clip = store.stage(file, made)
            source = Source(NOISE_FORMAT, rate_hz, 1, sha256_bytes(f"{seed}/{file}".encode()))
            samples.append(
                Sample(file, NOISE_LABEL, split, clip.sha256, clip.duration_s, source=source)
            )
            noise[split].append(made)
    return noise, samples


def _speak(
    takes: Sequence[_Take],
    project: Project,
    store: Store,
    speech: Speech,
    noise: Mapping[Split, Sequence[NDArray[np.int16]]],
    progress: Progress,
) -> tuple[list[Sample], int]:
    made: list[Sample] = []
    longer = 0
    sounds: Iterator[tuple[NDArray[np.int16], int]] = speech.speak([t.utterance for t in takes])
    window_samples = project.configuration.data.window_samples
    for done, (take, (sound, rate_hz)) in enumerate(zip(takes, sounds, strict=True), start=1):
        word = resample(trimmed(sound / 32768.0, rate_hz), rate_hz, store.rate_hz)
        longer += len(word) > window_samples
        rng = generator_for(project.configuration.project.seed, "mix", take.file)
        snr_db = rng.uniform(*project.configuration.synthesis.noise_snr_db)
        mixed = placed(word, window_samples, snr_db, noise[take.voice.split], rng)
        clip = store.stage(take.file, mixed)
        source = Source(SPEECH_FORMAT, rate_hz, 1, take.key)
        made.append(
            Sample(
                take.file, take.label, take.voice.split, clip.sha256, clip.duration_s,
                take.groups(), source=source,
            )
        )  # fmt: skip
        progress(done, len(takes), f"{take.voice.speaker} says {take.utterance.text}")
    return made, longer


def trimmed(sound: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Without the silence at both ends: from the first to the last 5 ms whose energy is within
    40 dB of the loudest, and 20 ms beyond."""
    frame = max(1, round(_TRIM_FRAME_S * rate_hz))
    frames = len(sound) // frame
    energy = np.sum(sound[: frames * frame].reshape(frames, frame) ** 2, axis=1)
    loud = np.flatnonzero(energy > energy.max(initial=0.0) * 10.0 ** (-_TRIM_DB / 10.0))
    if len(loud) == 0:
        return sound
    margin = round(_TRIM_MARGIN_S * rate_hz)
    return sound[max(0, loud[0] * frame - margin) : (loud[-1] + 1) * frame + margin]


def placed(
    word: NDArray[np.float64],
    window_samples: int,
    snr_db: float,
    noise: Sequence[NDArray[np.int16]],
    rng: np.random.Generator,
) -> NDArray[np.int16]:
    """The word at a random level and place in a window, over noise.

    Args:
        word: float64 [n], without silence around it.
        window_samples: length of the result; a longer word is kept whole.
        snr_db: of the word's own stretch against the noise.
        noise: recordings to cut the noise from, int16.
        rng: draws level, place and noise.
    """
    level = 10.0 ** (rng.uniform(*_PEAK_DB) / 20.0) / max(float(np.abs(word).max()), 1e-9)
    speech = word * level
    length = max(window_samples, len(speech))
    start = int(rng.integers(0, length - len(speech) + 1))
    background = cut_noise(noise, length, rng) / 32768.0
    mixed = background * scale_for_snr(speech, background, snr_db)
    mixed[start : start + len(speech)] += speech
    return to_int16(mixed)
