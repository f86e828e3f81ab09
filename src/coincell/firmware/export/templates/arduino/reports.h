{% if counts %}

#ifndef REPORTS_BY_BLUETOOTH
#define REPORTS_BY_BLUETOOTH 0  // 1: by Bluetooth (library: ArduinoBLE), not by Serial
#endif

#if REPORTS_BY_BLUETOOTH
#include <{{ name }}_bluetooth.h>
#endif
{%- endif -%}
