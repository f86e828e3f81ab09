{% include "arduino/stop.h" %}
{% if counts -%}
// Once in {{ report_seconds }} seconds, a report of what was counted. On Serial `coincell serial
// --reports` and `coincell monitor listen` find it among the lines of text.
static void tellReport() {
#if REPORTS_BY_BLUETOOTH
  {{ name }}_bluetooth_offer();
#else
  static uint8_t frame[{{ upper }}_FRAME_BYTES];
  if (!{{ name }}_report_due()) return;
  Serial.write(frame, static_cast<size_t>({{ name }}_report_frame(frame)));
#endif
}

{% endif -%}
{% if goal == "classes" -%}
// Prints the {{ words.class_name }}, or - for none, and its score from 0 to 1.
{%- elif goal == "normality" -%}
// Prints normal or anomaly, and how strange it is.
{%- else -%}
// Prints the number and its unit.
{%- endif %}
static void show(const {{ name }}_decision &decision) {
{%- if counts %}
  tellReport();
{%- endif %}
  const char *label = {{ name }}_label(decision.label);
  Serial.print(label[0] ? label : "-");
  Serial.print(' ');
  char score[{{ upper }}_SCORE_TEXT];
{%- if goal == "classes" %}
  Serial.println({{ name }}_score_text(&decision, score));
{%- else %}
  Serial.print({{ name }}_score_text(&decision, score));
  Serial.print(' ');
  Serial.println({{ upper }}_UNIT);
{%- endif %}
