extern "C" {
#include "src/collector/passing.h"
#include "src/firmware/transport.h"
}

{% include "arduino/stop.h" %}
// bytes: [count]. Returns when they have left, or at once where nobody listens.
void transport_send(const uint8_t *bytes, uint32_t count) { Serial.write(bytes, count); }
