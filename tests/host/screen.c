/* sources: kernel/arch/x86_64/device/screen.c kernel/arch/x86_64/device/screen_grid.c
 * kernel/arch/x86_64/device/vga.c kernel/arch/x86_64/device/framebuffer.c
 * kernel/arch/x86_64/device/console_device.c kernel/arch/x86_64/device/canvas.c
 * kernel/arch/x86_64/device/font.c kernel/lib/string.c
 */

/* The screen: what text and escape sequences leave on it, and that no pixel lies outside. */
#include "random.h"
#include "tap.h"

#include "abi/font.h"
#include "arch/x86_64/cpu/io.h"
#include "arch/x86_64/device/canvas.h"
#include "arch/x86_64/device/font.h"
#include "arch/x86_64/device/screen.h"

enum { COLUMNS = 80, ROWS = 25, GLYPHS = 256, FONT_HEIGHT = 4, FONT_HEADER = 4 };
enum { FONT_BYTES = FONT_HEADER + GLYPHS * FONT_HEIGHT };

/* PSF1: 256 glyphs of 8 x 4; every line of a glyph is its number. Filled by font_fill. */
unsigned char font_file[FONT_BYTES];
__asm__(".globl font_psf_start, font_psf_end\n"
	".set font_psf_start, font_file\n"
	".set font_psf_end, font_file + 4 + 256 * 4");

uint8_t io_read8(uint16_t port)
{
	(void)port;
	return 0;
}

void io_write8(uint16_t port, uint8_t value)
{
	(void)port;
	(void)value;
}

static void font_fill(void)
{
	font_file[0] = 0x36;
	font_file[1] = 0x04;
	font_file[3] = FONT_HEIGHT;
	for (unsigned i = 0; i < GLYPHS; i++) {
		memset(font_file + FONT_HEADER + i * FONT_HEIGHT, (int)i, FONT_HEIGHT);
	}
}

static uint16_t vga[COLUMNS * ROWS];

static void start(void)
{
	screen_init_text(vga);
	screen_write("\033[m", 3);
}

static void show(const char *text) { screen_write(text, strlen(text)); }

/* A row without the blanks at its end. */
static const char *row(unsigned number)
{
	static char text[COLUMNS + 1];
	size_t len = COLUMNS;

	for (unsigned i = 0; i < COLUMNS; i++) {
		text[i] = (char)vga[number * COLUMNS + i];
	}
	while (len > 0 && text[len - 1] == ' ') {
		len--;
	}
	text[len] = '\0';
	return text;
}

static unsigned attribute(unsigned column, unsigned at_row)
{
	return vga[at_row * COLUMNS + column] >> 8;
}

static void test_text(void)
{
	char wide[2 * COLUMNS + 1];

	show("lost");
	is(screen_columns(), 0, "without a screen nothing happens");
	start();
	ok(screen_columns() == COLUMNS && screen_rows() == ROWS, "size of the text screen");
	show("one\r\ntwo\tthree\b\b\b\b\bT\r\n");
	is_text(row(0), "one", "first line");
	is_text(row(1), "two     Three", "tab and backspace");
	is(attribute(0, 2), 0x70, "the cursor is an inverse blank");
	is(attribute(3, 0), 0x07, "and leaves no trace");
	start();
	memset(wide, 'w', sizeof(wide));
	wide[COLUMNS] = '\0';
	show(wide);
	show("\r\nnext");
	is_text(row(1), "next", "a full line followed by a newline leaves no empty one");
	start();
	show(wide);
	show("x");
	is_text(row(1), "x", "a longer line goes on in the next");
	start();
	for (unsigned i = 0; i < 30; i++) {
		snprintf(wide, sizeof(wide), "line %u\r\n", i);
		show(wide);
	}
	is_text(row(0), "line 6", "the screen scrolls");
	is_text(row(23), "line 29", "to the last line");
	is_text(row(24), "", "and leaves a blank one");
	start();
	show("a\xc3\xa9z\x7f\x01");
	is_text(row(0), "a?z",
		"what is not ASCII shows as a question mark, control characters not at all");
}

static void test_sequences(void)
{
	start();
	show("hello\033[3Dp\033[K");
	is_text(row(0), "hep", "cursor left, erase to the end of the line");
	start();
	show("ab\033[Cd\033[10;5Hx\033[2Ay\033[BZ\033[1Gw");
	is_text(row(0), "ab d", "cursor right");
	is_text(row(7), "     y", "cursor position and up");
	is_text(row(8), "w     Z", "cursor down and column");
	start();
	show("one\r\ntwo\r\nthree\033[2;2H\033[J");
	is_text(row(1), "t", "erase from the cursor");
	is_text(row(2), "", "to the end of the screen");
	show("\033[2J\033[H!");
	is_text(row(0), "!", "erase all, cursor home");
	start();
	show("ab");
	show("\033[D");
	ok(attribute(2, 0) == 0x07 && attribute(1, 0) == 0x70, "the cursor leaves its old place");
	start();
	show("abcdef\033[4G\033[1K");
	is_text(row(0), "    ef", "erase the beginning of the line, cursor included");
	show("x\033[2K");
	is_text(row(0), "", "erase all of it");
	start();
	show("\033[31mr\033[1mb\033[0;44mg\033[7mi\033[m \033[97;49mw\033[39m");
	ok(attribute(0, 0) == 0x04 && attribute(1, 0) == 0x0c && attribute(2, 0) == 0x17 &&
		   attribute(3, 0) == 0x71 && attribute(4, 0) == 0x07 && attribute(5, 0) == 0x0f,
	   "colours");
	start();
	show("\033[30;47ma\033[37;40mb\033[90mc\033[97;47md\033[0;48me\033[89;98;29;38mf");
	ok(attribute(0, 0) == 0x70 && attribute(1, 0) == 0x07 && attribute(2, 0) == 0x08 &&
		   attribute(3, 0) == 0x7f && attribute(4, 0) == 0x07 && attribute(5, 0) == 0x07,
	   "the first and the last colour of each kind, and what is none");
	start();
	show("\033[?25la\033[1;2;3;4;5;6;7;8;9;10;11;12mb\033[99999999999999Cc\033[Zd\033(x");
	ok(!strncmp(row(0), "ab", 2) && strstr(row(0), "c"),
	   "unknown and odd sequences are passed over");
}

static void test_changes_only(void)
{
	unsigned nr_changed = 0;

	start();
	show("some text\r\n");
	memset(vga, 0xee, sizeof(vga));
	show("x");
	for (unsigned i = 0; i < COLUMNS * ROWS; i++) {
		nr_changed += vga[i] != 0xeeee;
	}
	is(nr_changed, 2, "a character draws itself and the cursor, nothing else");
}

static uint32_t pixel(const uint8_t *pixels, const struct framebuffer *fb, uint32_t x, uint32_t y)
{
	uint32_t value = 0;

	memcpy(&value, pixels + y * fb->pitch_bytes + x * (fb->bits_per_pixel / 8),
	       fb->bits_per_pixel / 8);
	return value;
}

static void test_framebuffer(uint8_t bits, uint8_t red_shift, uint8_t colour_bits, uint32_t grey)
{
	struct framebuffer fb = {
		.pitch_bytes = 100 * (bits / 8) + 12,
		.width = 100,
		.height = 30,
		.bits_per_pixel = bits,
		.red_shift = red_shift,
		.red_bits = colour_bits,
		.green_shift = colour_bits,
		.green_bits = colour_bits,
		.blue_shift = 0,
		.blue_bits = colour_bits,
	};
	uint8_t *pixels = calloc(1, framebuffer_size_bytes(&fb));
	bool right = true;

	screen_init_framebuffer(pixels, &fb);
	ok(screen_columns() == 12 && screen_rows() == 7, "%u bits: size in characters", bits);
	show("\033[mA\r\nU ");
	for (uint32_t y = 0; y < FONT_HEIGHT; y++) {
		for (uint32_t x = 0; x < 8; x++) {
			right = right && pixel(pixels, &fb, x, y) == ('A' & 0x80 >> x ? grey : 0);
			right = right && pixel(pixels, &fb, x, y + FONT_HEIGHT) ==
						 ('U' & 0x80 >> x ? grey : 0);
		}
	}
	ok(right, "%u bits: glyphs are drawn as the font says", bits);
	for (unsigned i = 0; i < 20000; i++) {
		char c = random_below(4) ? "\033[;0123456789ABCDGHJKm\r\n\t\b"[random_below(27)]
					 : (char)random_next();

		screen_write(&c, 1);
	}
	ok(true, "%u bits: random text draws nothing outside", bits);
	free(pixels);
}

/* True where the pixels of the rectangle have the value, and of the rest of the screen none has. */
static bool is_all_of(const uint8_t *pixels, const struct framebuffer *fb, uint32_t value,
		      struct bw_rectangle where)
{
	for (uint32_t y = 0; y < fb->height; y++) {
		for (uint32_t x = 0; x < fb->width; x++) {
			bool inside = x >= where.x && x < where.x + where.width && y >= where.y &&
				      y < where.y + where.height;

			if ((pixel(pixels, fb, x, y) == value) != inside) {
				return false;
			}
		}
	}
	return true;
}

/* 1000 pixels are 125 characters: 80 for the console. */
static void test_canvas(void)
{
	const struct framebuffer fb = { { 0 }, 4000, 1000, 30, 32, 16, 8, 8, 8, 0, 8 };
	const struct bw_rectangle inside = { 10, 5, 7, 3, 0x123456 };
	const struct bw_rectangle beyond = { 350, 25, UINT16_MAX, UINT16_MAX, 0x654321 };
	const struct bw_rectangle outside = { 360, 0, 1, 1, 0xabcdef };
	uint8_t *pixels = calloc(1, framebuffer_size_bytes(&fb));
	struct bw_canvas canvas;
	struct bw_rectangle part;

	screen_init_framebuffer(pixels, &fb);
	canvas_size_get(&canvas);
	ok(screen_columns() == 80 && canvas.width == 360 && canvas.height == 30 &&
		   canvas.glyph_width == 8 && canvas.glyph_height == FONT_HEIGHT,
	   "beside 80 columns of console the rest is canvas");
	canvas_fill(&inside);
	ok(is_all_of(pixels, &fb, 0x123456, (struct bw_rectangle){ 650, 5, 7, 3, 0 }),
	   "a rectangle fills its pixels and no other");
	canvas_fill(&beyond);
	part = canvas_clip(&beyond);
	ok(part.x == 350 && part.y == 25 && part.width == 10 && part.height == 5,
	   "of one that reaches beyond, what is inside is left");
	ok(is_all_of(pixels, &fb, 0x654321, (struct bw_rectangle){ 990, 25, 10, 5, 0 }),
	   "and is filled");
	part = canvas_clip(&outside);
	is(part.height, 0, "of one outside, no line");
	canvas_fill(&outside);
	ok(is_all_of(pixels, &fb, 0xabcdef, (struct bw_rectangle){ 0 }), "and it is not filled");
	canvas_text(340, 26, "\xff\xff\xff", 3, 0x010203, 0);
	ok(is_all_of(pixels, &fb, 0x010203, (struct bw_rectangle){ 980, 26, 16, 4, 0 }),
	   "of a text, the characters that fit are drawn");
	canvas_text(UINT64_MAX - 4, 0, "\xff\xff", 2, 0x040506, 0);
	canvas_text(0, 27, "\xff", 1, 0x040506, 0);
	ok(is_all_of(pixels, &fb, 0x040506, (struct bw_rectangle){ 0 }), "others are not");
	show("\033[2J\033[Hx\033[99;999Hx");
	is(pixel(pixels, &fb, 650, 5), 0x123456, "what the console prints leaves the canvas alone");
	free(pixels);
}

static void test_fonts(void)
{
	uint8_t file[256];
	struct font font;
	bool inside = true;

	ok(font_parse(font_file, FONT_BYTES, &font) && font.width == 8 &&
		   font.height == FONT_HEIGHT,
	   "a font");
	ok(!font_parse(font_file, FONT_BYTES - 1, &font), "a font cut off");
	ok(!font_parse(font_file, 0, &font), "a font of no bytes");
	ok(!font_parse(font_file, 2, &font), "a font without a header");
	font_file[0] ^= 1;
	ok(!font_parse(font_file, FONT_BYTES, &font), "something else");
	font_file[0] ^= 1;
	for (unsigned i = 0; i < 100000; i++) {
		uint32_t psf2[8] = { 0x864ab572, 0, 32, 0, 128, 1, 1, 8 };

		psf2[random_below(8)] = (uint32_t)random_next() >> random_below(32);
		psf2[random_below(8)] = (uint32_t)random_next() >> random_below(32);
		memcpy(file, psf2, sizeof(psf2));
		if (font_parse(file, sizeof(file), &font)) {
			size_t len = (size_t)font.nr_glyphs * font.line_bytes * font.height;

			inside = inside && len >= 128 && font.glyphs + len <= file + sizeof(file);
		}
	}
	ok(inside, "damaged fonts never reach outside of the file");
}

int main(void)
{
	font_fill();
	test_text();
	test_sequences();
	test_changes_only();
	test_framebuffer(32, 16, 8, 0xaaaaaa);
	test_framebuffer(24, 16, 8, 0xaaaaaa);
	test_framebuffer(16, 10, 5, 0x56b5);
	test_canvas();
	test_fonts();
	return done_testing();
}
