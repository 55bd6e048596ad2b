/* Two cascaded 8259s. */
#include "arch/x86_64/device/pic.h"

#include "arch/x86_64/cpu/io.h"
#include "arch/x86_64/cpu/registers.h"

enum {
	FIRST_COMMAND = 0x20,
	FIRST_DATA = 0x21,
	SECOND_COMMAND = 0xa0,
	SECOND_DATA = 0xa1,
	ICW1_INIT = 0x11,
	ICW4_8086 = 1,
	END_OF_INTERRUPT = 0x20,
	READ_IN_SERVICE = 0x0b,
	CASCADE_LINE = 2,
	LINES_PER_CHIP = 8,
};

static uint16_t mask = 0xffff & ~(1 << CASCADE_LINE);

static void mask_write(uint16_t lines)
{
	io_write8(FIRST_DATA, lines & 0xff);
	io_write8(SECOND_DATA, lines >> 8);
}

/* Where there is no chip, its ports read as ones. */
bool pic_init(void)
{
	io_write8(FIRST_COMMAND, ICW1_INIT);
	io_write8(SECOND_COMMAND, ICW1_INIT);
	io_write8(FIRST_DATA, VECTOR_IRQ_BASE);
	io_write8(SECOND_DATA, VECTOR_IRQ_BASE + LINES_PER_CHIP);
	io_write8(FIRST_DATA, 1 << CASCADE_LINE);
	io_write8(SECOND_DATA, CASCADE_LINE);
	io_write8(FIRST_DATA, ICW4_8086);
	io_write8(SECOND_DATA, ICW4_8086);
	mask_write(mask);
	return io_read8(FIRST_DATA) == (mask & 0xff);
}

void pic_unmask(unsigned line)
{
	mask &= ~(1u << line);
	mask_write(mask);
}

void pic_hold(void) { mask_write(UINT16_MAX); }

void pic_resume(void) { mask_write(mask); }

void pic_end_of_interrupt(unsigned line)
{
	if (line >= LINES_PER_CHIP) {
		io_write8(SECOND_COMMAND, END_OF_INTERRUPT);
	}
	io_write8(FIRST_COMMAND, END_OF_INTERRUPT);
}

bool pic_is_spurious(unsigned line)
{
	uint16_t port = line < LINES_PER_CHIP ? FIRST_COMMAND : SECOND_COMMAND;

	if (line % LINES_PER_CHIP != LINES_PER_CHIP - 1) {
		return false;
	}
	io_write8(port, READ_IN_SERVICE);
	if (io_read8(port) & 1 << (LINES_PER_CHIP - 1)) {
		return false;
	}
	if (line >= LINES_PER_CHIP) {
		io_write8(FIRST_COMMAND, END_OF_INTERRUPT);
	}
	return true;
}
