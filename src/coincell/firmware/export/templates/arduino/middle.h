static const int kFrameWidth = 176, kFrameHeight = 144;   // QCIF
static const int kWidth = {{ crop_width }}, kHeight = {{ crop_height }};  // of its middle
static uint8_t frame[kFrameWidth * kFrameHeight * 2];     // RGB565, high byte first

// column, row: of the frame -> uint8[{{ upper }}_CHANNELS].
static void readPixel(int column, int row, uint8_t *pixel) {
  const uint8_t *word = frame + (row * kFrameWidth + column) * 2;
  const int r = word[0] >> 3, g = (word[0] & 0x07) << 3 | word[1] >> 5, b = word[1] & 0x1f;
  const int red = r << 3 | r >> 2, green = g << 2 | g >> 4, blue = b << 3 | b >> 2;
{%- if channels == 3 %}
  pixel[0] = static_cast<uint8_t>(red);
  pixel[1] = static_cast<uint8_t>(green);
  pixel[2] = static_cast<uint8_t>(blue);
{%- else %}
  pixel[0] = static_cast<uint8_t>((77 * red + 150 * green + 29 * blue) >> 8);
{%- endif %}
}

// The middle of the frame -> pixel: uint8[{{ upper }}_WINDOW_VALUES], row by row.
static void fillPicture(uint8_t *pixel) {
  for (int y = 0; y < {{ upper }}_HEIGHT; y++) {
    const int row = (kFrameHeight - kHeight) / 2 + y * kHeight / {{ upper }}_HEIGHT;
    for (int x = 0; x < {{ upper }}_WIDTH; x++) {
      const int column = (kFrameWidth - kWidth) / 2 + x * kWidth / {{ upper }}_WIDTH;
      readPixel(column, row, pixel);
      pixel += {{ upper }}_CHANNELS;
    }
  }
}
