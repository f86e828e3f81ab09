// SPDX-License-Identifier: Apache-2.0
//
// Listens without a pause and prints a line a decision. The built-in LED is lit while
// {{ "something is strange" if goal == "normality" else "a word is heard" }}. Features are computed as sound comes.
//
// For boards whose core has a PDM library, such as the Nano 33 BLE Sense.
{% if is_main %}#include <Arduino.h>
{% endif -%}
#include <PDM.h>
#include <{{ name }}.h>{% include "arduino/reports.h" %}

// What the microphone hears while a window is being classified; a power of two.
static const uint32_t kRingSamples = {{ ring_samples }};
static int16_t ring[kRingSamples];
static volatile uint32_t written = 0;  // samples ever, by the interrupt
static volatile uint32_t lost = 0;     // samples for which there was no place
static volatile uint32_t taken = 0;    // samples ever, by loop()

// Called by the microphone's interrupt: moves what it has into the ring.
static void onSound() {
  static int16_t block[256];  // an interrupt's stack is small
  int bytes = PDM.available();
  while (bytes > 0) {
    const int room = static_cast<int>(sizeof block);
    const int count = PDM.read(block, bytes < room ? bytes : room) / 2;
    if (count <= 0) break;
    for (int i = 0; i < count; i++) {
      if (written - taken < kRingSamples) {
        ring[written % kRingSamples] = block[i];
        written = written + 1;
      } else {
        lost = lost + 1;
      }
    }
    bytes -= count * 2;
  }
}

{% include "arduino/show.h" %}
  digitalWrite(LED_BUILTIN, {{ name }}_{{ is_event }}(decision.label) ? HIGH : LOW);
}

void setup() {
  Serial.begin(115200);
  pinMode(LED_BUILTIN, OUTPUT);
{%- if is_main %}
  Serial.println({{ name }}_self_test_text({{ name }}_self_test()));
{%- endif %}
  if ({{ name }}_begin() != 0) stopWith("The network does not start.");
{%- if counts %}
{% include "arduino/count.h" %}
{%- endif %}
  PDM.onReceive(onSound);
{% include "arduino/gain.h" %}
  if (!PDM.begin(1, {{ upper }}_SAMPLE_RATE_HZ)) {
{%- if sample_rate_hz != microphone_rate_hz %}
    Serial.println("PDM libraries give {{ microphone_rate_hz }} samples a second, few {{ sample_rate_hz }}.");
{%- endif %}
    stopWith("The microphone does not start.");
  }
}

void loop() {
{%- if counts %}
#if REPORTS_BY_BLUETOOTH
  {{ name }}_bluetooth_poll();
#endif
{%- endif %}
  const uint32_t first = taken % kRingSamples;
  uint32_t count = written - taken;
  if (count > kRingSamples - first) count = kRingSamples - first;  // up to the ring's end
  int32_t used = 0;
  {{ name }}_decision decision;
  const int made = {{ name }}_take(ring + first, static_cast<int32_t>(count), &used, &decision);
  if (made < 0) stopWith("The network does not run.");
  taken = taken + static_cast<uint32_t>(used);
  if (made == 1) show(decision);
  if (lost > 0) {  // the ring was full: go on behind the gap
    noInterrupts();  // what is lost now belongs to the next gap
    const uint32_t gap = lost + (written - taken);
    taken = written;
    lost = 0;
    interrupts();
    {{ name }}_skip(gap);
    Serial.println("! sound was lost");
  }
}
