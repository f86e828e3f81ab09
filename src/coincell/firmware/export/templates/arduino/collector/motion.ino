// SPDX-License-Identifier: Apache-2.0
//
// Prints a reading a line: milliseconds, acceleration in g, rotation in degrees a second
{%- if field %}, the
// magnetic field in microtesla{% endif %}.
// Any sketch that prints like this can be collected from: `coincell data collect` finds rate and
// axes.
//
// Library: Arduino_LSM9DS1 for the Nano 33 BLE Sense, Arduino_BMI270_BMM150 for its Rev2. Not tried
// on one yet.
{% include "arduino/motion_sensor.h" %}

static const long kLinesBetweenHeadings = 100;
static long lines = 0;

// value: to be printed with four decimals, and what follows it.
static void show(float value, char after) {
  const long units = static_cast<long>(value * 10000.0f + (value < 0 ? -0.5f : 0.5f));
  const long size = units < 0 ? -units : units;
  if (units < 0) Serial.print('-');
  Serial.print(size / 10000);
  Serial.print('.');
  for (long digit = 1000; digit > 0; digit /= 10) {
    Serial.print(static_cast<char>('0' + size / digit % 10));
  }
  Serial.print(after);
}

{% include "arduino/stop.h" %}
void setup() {
  Serial.begin(115200);
  if (!IMU.begin()) stopWith("# The motion sensor does not answer; see IMU_OF_REV2 above.");
}

void loop() {
  if (!IMU.accelerationAvailable() || !IMU.gyroscopeAvailable()) return;
  float x, y, z, a, b, c;
  if (!IMU.readAcceleration(x, y, z) || !IMU.readGyroscope(a, b, c)) return;
{%- if field %}
  // It is slower than the others, and keeps its last reading.
  static float field[3] = {0};
  if (IMU.magneticFieldAvailable()) IMU.readMagneticField(field[0], field[1], field[2]);
{%- endif %}
  if (lines++ % kLinesBetweenHeadings == 0) {
    Serial.print("time [ms],aX [g],aY [g],aZ [g],gX [deg/s],gY [deg/s],gZ [deg/s]");
    Serial.println("{% if field %},mX [uT],mY [uT],mZ [uT]{% endif %}");
  }
  Serial.print(static_cast<long>(millis()));
  Serial.print(',');
  show(x, ',');
  show(y, ',');
  show(z, ',');
  show(a, ',');
  show(b, ',');
{%- if field %}
  show(c, ',');
  show(field[0], ',');
  show(field[1], ',');
  show(field[2], '\n');
{%- else %}
  show(c, '\n');
{%- endif %}
}
