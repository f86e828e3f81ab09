/* SPDX-License-Identifier: Apache-2.0
 *
 * What our sketches use of Arduino's core, for this computer: Serial is standard output,
 * time does not pass, and setup() and loop() are called by shim.cpp.
 */
#ifndef SHIM_ARDUINO_H
#define SHIM_ARDUINO_H

#include <stddef.h>
#include <stdint.h>

#define HIGH 1
#define LOW 0
#define OUTPUT 1
#define LED_BUILTIN 13

void setup();
void loop();
void delay(unsigned long ms);
unsigned long micros();  // a call later each time by $SHIM_STEP_US, else 10000
unsigned long millis();  // a call later each time by 10
void noInterrupts();
void interrupts();
void pinMode(int pin, int mode);
void digitalWrite(int pin, int level);

class ShimSerial {
 public:
  void begin(unsigned long rate);
  size_t print(const char *text);
  size_t print(char letter);
  size_t print(long number);
  size_t write(const uint8_t *bytes, size_t count);
  size_t println(const char *text);
  size_t println(int number);
  size_t println(long number);
};

extern ShimSerial Serial;

#endif
