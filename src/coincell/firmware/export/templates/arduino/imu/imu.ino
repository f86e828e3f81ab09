// SPDX-License-Identifier: Apache-2.0
//
// Acceleration into the window: x, y, z of each reading, one after the other, 8192 for the
// acceleration of gravity. Prints a line a decision. It tells something where the model was trained
// on such windows; a model for sound has nothing to say to it, but takes it.
//
// Library: Arduino_LSM9DS1 for the Nano 33 BLE Sense, Arduino_BMI270_BMM150 for its Rev2.
#ifndef IMU_OF_REV2
#define IMU_OF_REV2 0  // 1 for the Nano 33 BLE Sense Rev2
#endif

#if IMU_OF_REV2
#include <Arduino_BMI270_BMM150.h>
#else
#include <Arduino_LSM9DS1.h>
#endif
#include <{{ name }}.h>

static const float kUnitsPerG = 8192.0f;

static void stopWith(const char *reason) {
  for (;;) {
    Serial.println(reason);
    delay(1000);
  }
}

// g: acceleration in units of gravity -> int16, limited to what it can hold.
static int16_t toSample(float g) {
  const float units = g * kUnitsPerG;
  if (units > 32767.0f) return 32767;
  if (units < -32768.0f) return -32768;
  return static_cast<int16_t>(units);
}

static void show(const {{ name }}_decision &decision) {
  const char *label = {{ name }}_label(decision.label);
  Serial.print(label[0] ? label : "-");
  Serial.print(' ');
  char score[{{ upper }}_SCORE_TEXT];
  Serial.println({{ name }}_score_text(&decision, score));
}

void setup() {
  Serial.begin(115200);
  if ({{ name }}_begin() != 0) stopWith("The network does not start.");
  if (!IMU.begin()) stopWith("The motion sensor does not answer; see IMU_OF_REV2 above.");
}

void loop() {
  if (!IMU.accelerationAvailable()) return;
  float x, y, z;
  if (!IMU.readAcceleration(x, y, z)) return;
  const int16_t reading[3] = {toSample(x), toSample(y), toSample(z)};
  for (int32_t done = 0; done < 3;) {
    int32_t used = 0;
    {{ name }}_decision decision;
    const int made = {{ name }}_take(reading + done, 3 - done, &used, &decision);
    if (made < 0) stopWith("The network does not run.");
    done += used;
    if (made == 1) show(decision);
  }
}
