// SPDX-License-Identifier: Apache-2.0
//
// One known window through features, network and decision: prints PASS when every byte is as it was
// where the library was made, else FAIL and what differs. Then the library's manifest.
{% if is_main %}#include <Arduino.h>
{% endif -%}
#include <{{ name }}.h>

void setup() {
  Serial.begin(115200);
}

void loop() {
  Serial.println({{ name }}_self_test_text({{ name }}_self_test()));
  Serial.println({{ name }}_manifest());
  delay(5000);
}
