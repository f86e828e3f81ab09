// SPDX-License-Identifier: Apache-2.0
//
// Decides on how the board is moved, and prints a line a decision. A step in time is the mean of
// the sensor's readings since the last one; where there is none, the last reading stands.
//
// Library: Arduino_LSM9DS1 for the Nano 33 BLE Sense, Arduino_BMI270_BMM150 for its Rev2.
{% if is_main %}#include <Arduino.h>
{% endif -%}
{% include "arduino/motion_sensor.h" %}
#include <{{ name }}.h>{% include "arduino/reports.h" %}

// Of each channel its place among ax, ay, az in g, gx, gy, gz in degrees a second, and mx, my, mz
// in microtesla; and how many steps of 16 bits one of that unit is.
static const int kPlace[{{ upper }}_CHANNELS] = { {{- inertial_places | join(", ") -}} };
static const float kSteps[{{ upper }}_CHANNELS] = {
{%- for steps in inertial_steps %}
  {{ steps }}f,
{%- endfor %}
};

static const uint32_t kPeriodUs = 1000000u / {{ upper }}_SAMPLE_RATE_HZ;
static const uint32_t kMostHeld = {{ upper }}_SAMPLE_RATE_HZ / 2 + 1;  // steps; more are a gap
static float sums[9];
static int readings = 0;
static int16_t step[{{ upper }}_CHANNELS];
static bool isMoving = false;  // a first reading came
static uint32_t begun = 0;     // when the current step did

{% include "arduino/show.h" %}
}

// Adds what the sensor has to the current step.
static void gather() {
  float now[9] = {0};
{%- if "a" in inertial_parts %}
  if (!IMU.accelerationAvailable()) return;
{%- endif %}
{%- if "g" in inertial_parts %}
  if (!IMU.gyroscopeAvailable()) return;
{%- endif %}
{%- if "a" in inertial_parts %}
  if (!IMU.readAcceleration(now[0], now[1], now[2])) return;
{%- endif %}
{%- if "g" in inertial_parts %}
  if (!IMU.readGyroscope(now[3], now[4], now[5])) return;
{%- endif %}
{%- if "m" in inertial_parts %}
  // It is slower than the others, and keeps its last reading.
  static float field[3] = {0};
  if (IMU.magneticFieldAvailable()) IMU.readMagneticField(field[0], field[1], field[2]);
  for (int i = 0; i < 3; i++) now[6 + i] = field[i];
{%- endif %}
  for (int i = 0; i < 9; i++) sums[i] += now[i];
  readings++;
}

// The step's readings -> int16, limited to what it can hold.
static void finishStep() {
  if (readings == 0) return;
  for (int i = 0; i < {{ upper }}_CHANNELS; i++) {
    const float units = sums[kPlace[i]] / static_cast<float>(readings) * kSteps[i];
    const float rounded = units + (units < 0 ? -0.5f : 0.5f);
    step[i] = rounded >= 32767.0f    ? 32767
              : rounded <= -32768.0f ? -32768
                                     : static_cast<int16_t>(rounded);
  }
  for (int i = 0; i < 9; i++) sums[i] = 0;
  readings = 0;
}

static void takeStep() {
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

void setup() {
  Serial.begin(115200);
{%- if is_main %}
  Serial.println({{ name }}_self_test_text({{ name }}_self_test()));
{%- endif %}
  if ({{ name }}_begin() != 0) stopWith("The network does not start.");
{%- if counts %}
{% include "arduino/count.h" %}
{%- endif %}
  if (!IMU.begin()) stopWith("The motion sensor does not answer; see IMU_OF_REV2 above.");
}

void loop() {
{%- if counts %}
#if REPORTS_BY_BLUETOOTH
  {{ name }}_bluetooth_poll();
#endif
{%- endif %}
  gather();
  const uint32_t now = micros();
  if (!isMoving) {
    isMoving = readings > 0;
    begun = now;
    return;
  }
  uint32_t due = (now - begun) / kPeriodUs;
  if (due == 0) return;
  begun += due * kPeriodUs;
  finishStep();
  if (due > kMostHeld) {  // go on behind the gap
    {{ name }}_skip(due - 1);
    due = 1;
    Serial.println("! readings were lost");
  }
  for (; due > 0; due--) takeStep();
}
