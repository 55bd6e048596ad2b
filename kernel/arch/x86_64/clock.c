/* Time since boot. Sources: Intel SDM vol. 3B, "Time-Stamp Counter"; 8254 datasheet, mode 0 on
 * channel 2. */
#include "arch/x86_64/clock.h"

#include "arch/x86_64/io.h"
#include "arch/x86_64/registers.h"

enum {
	PIT_HZ = 1193182,
	PIT_CHANNEL_2 = 0x42,
	PIT_COMMAND = 0x43,
	PIT_GATE = 0x61,
	PIT_CHANNEL_2_MODE_0 = 0xb0, /* low byte, high byte, interrupt on terminal count */
	CALIBRATION_MS = 10,
	SCALE_SHIFT = 24,
};

static RO_AFTER_INIT uint64_t tsc_hz, tsc_start;
static RO_AFTER_INIT uint64_t ns_per_tick; /* << SCALE_SHIFT */

/* TSC ticks while the 8254 counts down `ms` milliseconds. */
static uint64_t tsc_ticks_in(unsigned ms)
{
	unsigned count = PIT_HZ / 1000 * ms;
	uint64_t start;

	io_write8(PIT_GATE, (io_read8(PIT_GATE) & ~2) | 1); /* speaker off, gate on */
	io_write8(PIT_COMMAND, PIT_CHANNEL_2_MODE_0);
	io_write8(PIT_CHANNEL_2, count & 0xff);
	io_write8(PIT_CHANNEL_2, count >> 8);
	start = tsc_read();
	while (!(io_read8(PIT_GATE) & 0x20)) {
		cpu_relax();
	}
	return tsc_read() - start;
}

void clock_init(void)
{
	tsc_start = tsc_read();
	tsc_hz = tsc_ticks_in(CALIBRATION_MS) * (1000 / CALIBRATION_MS);
	ns_per_tick = (1000000000ul << SCALE_SHIFT) / tsc_hz;
}

uint64_t clock_now_ns(void)
{
	return (uint64_t)((unsigned __int128)(tsc_read() - tsc_start) * ns_per_tick >> SCALE_SHIFT);
}

uint64_t clock_tsc_hz(void) { return tsc_hz; }

void clock_delay_us(uint64_t us)
{
	uint64_t end = clock_now_ns() + us * 1000;

	while (clock_now_ns() < end) {
		cpu_relax();
	}
}
