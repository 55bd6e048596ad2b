/* VGA text mode, 80 x 25. Source: the CRT and graphics controller registers of the IBM VGA. */
#include "arch/x86_64/cpu/io.h"
#include "arch/x86_64/device/screen_device.h"

enum { COLUMNS = 80, ROWS = 25 };
enum {
	GRAPHICS_INDEX = 0x3ce,
	GRAPHICS_DATA = 0x3cf,
	GRAPHICS_MISCELLANEOUS = 0x06,
	IS_GRAPHICS = 0x01,
	MEMORY_MAP = 0x0c, /* of its values, all ones: 32 KiB at 0xb8000 */
	ABSENT = 0xff,
};
enum { CRTC_INDEX = 0x3d4, CRTC_DATA = 0x3d5, CRTC_CURSOR_START = 0x0a, CURSOR_OFF = 0x20 };

static volatile uint16_t *memory;

static void draw(unsigned column, unsigned row, struct cell cell)
{
	memory[row * COLUMNS + column] = (uint16_t)(cell.attribute << 8 | cell.character);
}

enum vga_mode vga_mode(void)
{
	uint8_t miscellaneous;

	io_write8(GRAPHICS_INDEX, GRAPHICS_MISCELLANEOUS);
	miscellaneous = io_read8(GRAPHICS_DATA);
	if (miscellaneous == ABSENT) {
		return VGA_ABSENT;
	}
	return (miscellaneous & (IS_GRAPHICS | MEMORY_MAP)) == MEMORY_MAP ? VGA_TEXT : VGA_GRAPHICS;
}

static const struct screen_device device = { COLUMNS, ROWS, draw };

/* The cursor is drawn as a cell like any other, so the hardware's is turned off. */
const struct screen_device *vga_init(void *mapped)
{
	memory = mapped;
	io_write8(CRTC_INDEX, CRTC_CURSOR_START);
	io_write8(CRTC_DATA, CURSOR_OFF);
	return &device;
}
