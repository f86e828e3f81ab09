// SPDX-License-Identifier: Apache-2.0
//
// Calls setup(), then loop() while there is something to hear or feel, and $SHIM_LOOPS times more.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "Arduino.h"
#include "Arduino_OV767X.h"
#include "PDM.h"
#include "shim_imu.h"

ShimSerial Serial;
ShimPdm PDM;
ShimImu IMU;
ShimCamera Camera;

static const int kBlockBytes = 512;  // as the PDM library of the Nano 33 BLE gives
static const int kMostDelays = 20;   // then a sketch waits for nothing
static const int kLoopsABurst = 4;   // loop() turns faster than sound comes

static FILE *sound, *motion;
static void (*received)(void);
static uint8_t block[kBlockBytes];
static int blockAt, blockEnd;
static int gain = 20;  // the library's own

static FILE *openNamed(const char *variable) {
  const char *path = getenv(variable);
  return path ? fopen(path, "rb") : nullptr;
}

void ShimSerial::begin(unsigned long) {}
size_t ShimSerial::print(const char *text) { return fputs(text, stdout) < 0 ? 0 : strlen(text); }
size_t ShimSerial::print(char letter) { return fputc(letter, stdout) == EOF ? 0 : 1; }
size_t ShimSerial::print(long number) { return printf("%ld", number) < 0 ? 0 : 1; }
size_t ShimSerial::write(const uint8_t *bytes, size_t count) {
  return fwrite(bytes, 1, count, stdout);
}
size_t ShimSerial::println(const char *text) { return puts(text) < 0 ? 0 : strlen(text); }
size_t ShimSerial::println(int number) { return printf("%d\n", number) < 0 ? 0 : 1; }
size_t ShimSerial::println(long number) { return printf("%ld\n", number) < 0 ? 0 : 1; }

void noInterrupts() {}
void interrupts() {}
void pinMode(int, int) {}
void digitalWrite(int, int level) {
  if (getenv("SHIM_SHOWS_LED")) printf("LED %d\n", level);
}
unsigned long millis() {
  static unsigned long now = 0;
  return now += 10;
}
unsigned long micros() {
  static const char *step = getenv("SHIM_STEP_US");
  static uint32_t now = 0xffff0000u;  // soon it begins anew, as every 71 minutes
  now += static_cast<uint32_t>(step ? atoi(step) : 10000);
  return now;
}
void delay(unsigned long) {
  static int delays = 0;
  if (++delays > kMostDelays) exit(3);
}

int ShimPdm::begin(int channels, int rate) {
  sound = openNamed("SHIM_SOUND");
  const char *wanted = getenv("SHIM_RATE"), *loud = getenv("SHIM_GAIN");
  if (loud && atoi(loud) != gain) return 0;
  return channels == 1 && sound && (!wanted || atoi(wanted) == rate);
}
void ShimPdm::setGain(int wanted) { gain = wanted; }
void ShimPdm::onReceive(void (*call)(void)) { received = call; }
int ShimPdm::available() { return blockEnd - blockAt; }
int ShimPdm::read(void *buffer, size_t bytes) {
  const int some = static_cast<int>(bytes) < available() ? static_cast<int>(bytes) : available();
  memcpy(buffer, block + blockAt, static_cast<size_t>(some));
  blockAt += some;
  return some;
}

int ShimImu::begin() {
  motion = openNamed("SHIM_MOTION");
  return motion != nullptr;
}
int ShimImu::accelerationAvailable() { return motion && !feof(motion); }
int ShimImu::readAcceleration(float &x, float &y, float &z) {
  float reading[3];
  if (fread(reading, sizeof reading, 1, motion) != 1) return 0;
  x = reading[0], y = reading[1], z = reading[2];
  return 1;
}

int ShimImu::gyroscopeAvailable() { return accelerationAvailable(); }
int ShimImu::readGyroscope(float &x, float &y, float &z) { return readAcceleration(x, y, z); }

int ShimImu::magneticFieldAvailable() { return accelerationAvailable(); }
int ShimImu::readMagneticField(float &x, float &y, float &z) { return readAcceleration(x, y, z); }

int ShimCamera::begin(int resolution, int format, int) {
  return resolution == QCIF && format == RGB565 && getenv("SHIM_PICTURE");
}
void ShimCamera::readFrame(void *buffer) {
  static FILE *pictures = openNamed("SHIM_PICTURE");
  const size_t bytes = 176 * 144 * 2;
  if (!pictures) exit(4);
  if (fread(buffer, bytes, 1, pictures) == 1) return;
  rewind(pictures);
  if (fread(buffer, bytes, 1, pictures) != 1) exit(4);
}

// One block of sound, as an interrupt would bring it. Returns whether there was one.
static bool hear() {
  if (!sound || !received || blockAt != blockEnd) return false;  // it stops where some was left
  blockAt = 0;
  blockEnd = static_cast<int>(fread(block, 1, kBlockBytes, sound));
  if (blockEnd > 0) received();
  return blockEnd > 0;
}

int main() {
  const char *loops = getenv("SHIM_LOOPS"), *burst = getenv("SHIM_BLOCKS");
  const int blocks = burst ? atoi(burst) : 1;  // that come while loop() is away,
  const char *alone = getenv("SHIM_BURST_AT");  // every time, or once
  setup();
  bool goesOn = true;
  for (int turn = 0; goesOn; turn++) {
    goesOn = motion && !feof(motion);
    const int now = !alone || turn == atoi(alone) ? blocks : 1;
    for (int i = 0; i < now; i++) goesOn = hear() || goesOn;
    for (int i = 0; i < kLoopsABurst; i++) loop();
  }
  for (int i = 0; i < (loops ? atoi(loops) : 100); i++) loop();
  return 0;
}
