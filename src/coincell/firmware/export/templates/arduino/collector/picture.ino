// SPDX-License-Identifier: Apache-2.0
//
// Sends what a camera sees, {{ width }} x {{ height }} pixels from the middle of a QCIF frame, as the sketch
// of an export sees it; `coincell data collect` takes it.
//
// Library: Arduino_OV767X, for the OV7675 of the Tiny Machine Learning Kit. Not tried on one yet.
#include <Arduino_OV767X.h>

{% include "arduino/collector/line.h" %}
{% include "arduino/middle.h" %}
static application_sample picture[APPLICATION_WINDOW_VALUES];

void setup() {
  Serial.begin(1000000);  // of a UART; USB takes no note
  if (!Camera.begin(QCIF, RGB565, 1)) stopWith("# The camera does not answer.");
}

void loop() {
  Camera.readFrame(frame);
  fillPicture(picture);
  pass_on(picture, APPLICATION_WINDOW_VALUES, 0);
}
