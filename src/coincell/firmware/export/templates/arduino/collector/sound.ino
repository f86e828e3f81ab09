// SPDX-License-Identifier: Apache-2.0
//
// Sends what the microphone hears, each piece with its place in time and how many samples were
// lost before it; `coincell data collect` takes it.
//
// For boards whose core has a PDM library, such as the Nano 33 BLE Sense. Not tried on one yet.
#include <PDM.h>

{% include "arduino/collector/line.h" %}
static const uint32_t kBlockSamples = 256;  // what the library has at a time
static const uint32_t kBlocks = 32;         // half a second; a power of two: counts may go round

struct Block {
  int16_t samples[kBlockSamples];
  volatile uint32_t count;
  volatile uint32_t lost;  // right before it
};

static Block blocks[kBlocks];
static volatile uint32_t filled = 0;  // blocks ever, by the interrupt
static volatile uint32_t passed = 0;  // blocks ever, by loop()

// Called by the microphone's interrupt. The library stops for good where something is left behind:
// what has no room is read, too, and counted.
static void onSound() {
  static int16_t discarded[kBlockSamples];
  static uint32_t lost = 0;
  int bytes = PDM.available();
  while (bytes > 0) {
    const bool isRoom = filled - passed < kBlocks;
    Block &block = blocks[filled % kBlocks];
    const int most = static_cast<int>(sizeof discarded);
    const int got = PDM.read(isRoom ? block.samples : discarded, bytes < most ? bytes : most);
    if (got <= 0) break;
    bytes -= got;
    if (!isRoom) {
      lost += static_cast<uint32_t>(got) / 2;
      continue;
    }
    block.count = static_cast<uint32_t>(got) / 2;
    block.lost = lost;
    lost = 0;
    filled = filled + 1;
  }
}

void setup() {
  Serial.begin(1000000);  // of a UART; USB takes no note
  PDM.onReceive(onSound);
{% include "arduino/gain.h" %}
  if (!PDM.begin(1, APPLICATION_SAMPLE_RATE_HZ)) stopWith("# The microphone does not start.");
}

void loop() {
  if (filled == passed) return;
  const Block &block = blocks[passed % kBlocks];
  pass_on(block.samples, block.count, block.lost);
  passed = passed + 1;
}
