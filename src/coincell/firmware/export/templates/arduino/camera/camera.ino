// SPDX-License-Identifier: Apache-2.0
//
// Looks through a camera, and prints a line a picture: of a QCIF frame the middle that has the
// picture's form, {{ width }} x {{ height }} pixels of it.
//
// Library: Arduino_OV767X, for the OV7675 of the Tiny Machine Learning Kit.
{% if is_main %}#include <Arduino.h>
{% endif -%}
#include <Arduino_OV767X.h>
#include <{{ name }}.h>{% include "arduino/reports.h" %}

{% include "arduino/middle.h" %}

{% include "arduino/show.h" %}
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
  if (!Camera.begin(QCIF, RGB565, 1)) stopWith("The camera does not answer.");
}

void loop() {
{%- if counts %}
#if REPORTS_BY_BLUETOOTH
  {{ name }}_bluetooth_poll();
#endif
{%- endif %}
  Camera.readFrame(frame);
  fillPicture({{ name }}_window());
  int32_t used = 0;
  {{ name }}_decision decision;
  const int32_t count = {{ upper }}_WINDOW_VALUES;
  const int made = {{ name }}_take({{ name }}_window(), count, &used, &decision);
  if (made < 0) stopWith("The network does not run.");
  if (made == 1) show(decision);
}
