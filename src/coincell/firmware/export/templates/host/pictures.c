static int is_blank(int letter)
{
    return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

/* The next number of a picture's head, behind blanks and comments, and the letter behind it.
 * Returns it, or -1. */
static int32_t read_number(FILE *pictures)
{
    int letter = fgetc(pictures), in_comment = 0;
    while (letter != EOF && (in_comment || letter == '#' || is_blank(letter))) {
        in_comment = letter == '#' || (in_comment && letter != '\n');
        letter = fgetc(pictures);
    }
    int32_t number = -1;
    for (int digits = 0; letter >= '0' && letter <= '9'; digits++) {
        if (digits == 6) return -1;
        number = (number < 0 ? 0 : number) * 10 + (letter - '0');
        letter = fgetc(pictures);
    }
    return is_blank(letter) ? number : -1;
}

/* What follows "P5" or "P6" up to the pixels. Returns 0, or 2 on a failure. */
static int read_head(FILE *pictures)
{
    const int32_t width = read_number(pictures), height = read_number(pictures);
    if (width != {{ upper }}_WIDTH || height != {{ upper }}_HEIGHT)
        return refuse("the picture must be {{ width }} x {{ height }}");
    if (read_number(pictures) != 255) return refuse("the picture must have 8 bits a value");
    return 0;
}

/* Everything that `pictures` has. Returns the program's exit code. */
static int listen_to(FILE *pictures)
{
    static uint8_t pixels[{{ upper }}_WINDOW_VALUES];
    int has_heads = 0;
    if ({{ name }}_begin() != 0) return refuse("the network does not start");
    for (;;) {
        size_t got = fread(pixels, 1, 2, pictures);
        if (got == 0) break;
        const int is_head = got == 2 && pixels[0] == 'P' && (pixels[1] == '5' || pixels[1] == '6');
        if (is_head && (has_heads || !has_decided)) {
            if (pixels[1] != '{{ 6 if channels == 3 else 5 }}')
                return refuse("the picture must be {{ pnm }}, of {{ words.colours }}");
            if (read_head(pictures) != 0) return 2;
            has_heads = 1;
            got = 0;
        } else if (has_heads) {
            return refuse("behind a picture there must be another, or nothing");
        }
        got += fread(pixels + got, 1, sizeof pixels - got, pictures);
        if (got != sizeof pixels) return refuse("the picture ends too early");
        if (hear(pixels, {{ upper }}_WINDOW_VALUES) != 0) return 2;
    }
    return has_decided ? 0 : refuse("there is no picture");
}

