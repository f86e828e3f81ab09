// SPDX-License-Identifier: Apache-2.0
//
// A picture into the window: the middle of a QCIF frame in grey, {{ camera_side }} x {{ camera_side }} pixels in rows,
// black -32768, white 32512. Prints a line a picture. It tells something where the model was trained
// on such windows; a model for sound has nothing to say to it, but takes it.
//
// Library: Arduino_OV767X, for the OV7675 of the Tiny Machine Learning Kit.
#include <Arduino_OV767X.h>
#include <{{ name }}.h>

static const int kWidth = 176, kHeight = 144;  // QCIF
static const int kSide = {{ camera_side }};                 // of the square that fills the window
static uint8_t frame[kWidth * kHeight * 2];    // RGB565, high byte first

static void stopWith(const char *reason) {
  for (;;) {
    Serial.println(reason);
    delay(1000);
  }
}

// column, row: of the frame. Returns the brightness of that pixel, 0 to 255.
static int grey(int column, int row) {
  const uint8_t *pixel = frame + (row * kWidth + column) * 2;
  const int red = pixel[0] & 0xf8;
  const int green = (pixel[0] & 0x07) << 5 | (pixel[1] & 0xe0) >> 3;
  const int blue = (pixel[1] & 0x1f) << 3;
  return (77 * red + 150 * green + 29 * blue) >> 8;
}

static void fillWindow() {
  int16_t *window = {{ name }}_window();
  for (int i = 0; i < {{ upper }}_WINDOW_SAMPLES; i++) window[i] = 0;
  for (int y = 0; y < kSide; y++) {
    const int row = (2 * y + 1) * kHeight / (2 * kSide);
    for (int x = 0; x < kSide; x++) {
      const int column = (kWidth - kHeight) / 2 + (2 * x + 1) * kHeight / (2 * kSide);
      window[y * kSide + x] = static_cast<int16_t>((grey(column, row) - 128) * 256);
    }
  }
}

void setup() {
  Serial.begin(115200);
  if ({{ name }}_begin() != 0) stopWith("The network does not start.");
  if (!Camera.begin(QCIF, RGB565, 1)) stopWith("The camera does not answer.");
}

void loop() {
  Camera.readFrame(frame);
  fillWindow();
  {{ name }}_decision decision;
  if ({{ name }}_classify(&decision) != 0) stopWith("The network does not run.");
  const char *label = {{ name }}_label(decision.label);
  Serial.print(label[0] ? label : "-");
  Serial.print(' ');
  char score[{{ upper }}_SCORE_TEXT];
  Serial.println({{ name }}_score_text(&decision, score));
}
