"""The smallest project that goes through every stage; what tests of the whole share."""

TOML = """
[project]
name = "tiny-words"
seed = 7

[data]
labels = ["yes", "no", "silence", "unknown"]

[synthesis]
voices = 10
clips_per_word_and_voice = 2

[augmentation]
copies = 1

[features]
bands = 16
hop_ms = 30

[model]
architecture = "tiny-conv"

[training]
epochs = 6

[decision]
threshold = 0.3

[board]
clips = 5

[gates]
min_accuracy = 0.3
"""
