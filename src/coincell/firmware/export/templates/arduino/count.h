{% if counts -%}
  // Which device this is: of a chip of Nordic's what the factory wrote, else fill in yours.
  uint8_t device[8] = {0};
#if defined(NRF_FICR)
  for (int i = 0; i < 8; i++) device[i] = NRF_FICR->DEVICEID[i / 4] >> (24 - 8 * (i % 4));
#endif
  {{ name }}_count(device, 0);
#if REPORTS_BY_BLUETOOTH
  if (!{{ name }}_bluetooth_begin()) stopWith("Bluetooth does not start.");
#endif
{%- endif %}
