"""[features]: one kind of settings for each block, told apart by `block`."""

from coincell.project.mel_settings import MelSettings

FeatureSettings = MelSettings
