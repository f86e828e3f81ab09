{% include "arduino/stop.h" %}
{% if goal == "classes" -%}
// Prints the {{ words.class_name }}, or - for none, and its score from 0 to 1.
{%- elif goal == "normality" -%}
// Prints normal or anomaly, and how strange it is.
{%- else -%}
// Prints the number and its unit.
{%- endif %}
static void show(const {{ name }}_decision &decision) {
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
