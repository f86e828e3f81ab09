// SPDX-License-Identifier: Apache-2.0
//
// Decides on what a sensor of yours gives: fill in readSensor below. Prints a line a decision.
{% if is_main %}#include <Arduino.h>
{% endif -%}
#include <{{ name }}.h>{% include "arduino/reports.h" %}

// Of each channel how many steps of 16 bits one of its unit is.
static const float kSteps[{{ upper }}_CHANNELS] = {
{%- for name, unit, most in channel_table %}
  32768.0f / {{ most | decimal }}f,  // {{ name }}, in {{ unit }}
{%- endfor %}
};

{% include "arduino/show.h" %}
}

// YOURS: begin what readSensor needs. Returns whether the sensor answers.
static bool beginSensor() {
  return true;
}

// YOURS: when there is a new reading, {{ sample_rate_hz }} a second, put its channels into `reading`, each in
// its unit as above, and return true.
static bool readSensor(float reading[{{ upper }}_CHANNELS]) {
  (void)reading;
  return false;
}

// value: in the channel's unit -> int16, limited to what it can hold.
static int16_t toSample(float value, float steps) {
  const float units = value * steps + (value < 0 ? -0.5f : 0.5f);
  if (units >= 32767.0f) return 32767;
  if (units <= -32768.0f) return -32768;
  return static_cast<int16_t>(units);
}

void setup() {
  Serial.begin(115200);
{%- if is_main %}
  Serial.println({{ name }}_self_test_text({{ name }}_self_test()));
{%- endif %}
  if ({{ name }}_begin() != 0) stopWith("The network does not start.");
{%- if counts %}
{% include "arduino/count.h" %}
{%- endif %}
  if (!beginSensor()) stopWith("The sensor does not answer.");
}

void loop() {
{%- if counts %}
#if REPORTS_BY_BLUETOOTH
  {{ name }}_bluetooth_poll();
#endif
{%- endif %}
  float reading[{{ upper }}_CHANNELS];
  if (!readSensor(reading)) return;
  int16_t step[{{ upper }}_CHANNELS];
  for (int i = 0; i < {{ upper }}_CHANNELS; i++) step[i] = toSample(reading[i], kSteps[i]);
  for (int32_t done = 0; done < {{ upper }}_CHANNELS;) {
    int32_t used = 0;
    {{ name }}_decision decision;
    const int32_t left = {{ upper }}_CHANNELS - done;
    const int made = {{ name }}_take(step + done, left, &used, &decision);
    if (made < 0) stopWith("The network does not run.");
    done += used;
    if (made == 1) show(decision);
  }
}
