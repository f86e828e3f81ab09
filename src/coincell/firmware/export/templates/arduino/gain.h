#if defined(ARDUINO_ARCH_NRF52840)
  PDM.setGain({{ pdm_gain }});  // in halves of a decibel, 40 is 0 dB: as Coincell's firmware has it
#endif
