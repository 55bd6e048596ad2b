/* sources: kernel/arch/x86_64/device/clock.c kernel/arch/x86_64/device/rtc.c */

/* The clock is set going with the 8254, and without. */
#include "tap.h"

#include "arch/x86_64/cpu/io.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/clock.h"

enum { PORT_GATE = 0x61, PORT_COUNTER = 0x42, OUTPUT_HIGH = 0x20 };
enum { MEGAHERTZ = 1000000 };

/* The 8254 has counted down so many ticks of the TSC after it is first looked at. */
static uint64_t wait_ticks, start, written;
static uint8_t absent; /* or-ed to what is read */
static unsigned nr_reads;

uint8_t io_read8(uint16_t port)
{
	nr_reads++;
	if (port != PORT_GATE) {
		return 0xff;
	}
	if (start < written) {
		start = tsc_read();
	}
	return absent | (tsc_read() - start >= wait_ticks ? OUTPUT_HIGH : 0);
}

void io_write8(uint16_t port, uint8_t value)
{
	(void)value;
	if (port == PORT_GATE || port == PORT_COUNTER) {
		written = tsc_read();
	}
}

static void time_goes_on(const char *when)
{
	uint64_t before_ns = clock_now_ns();

	clock_delay_us(1000);
	ok(clock_now_ns() - before_ns >= 1000000, "time goes on %s", when);
}

int main(void)
{
	wait_ticks = 20ul * MEGAHERTZ; /* in 10 ms */
	ok(clock_init(), "an 8254 that counts is believed");
	/* on a busy host more ticks may pass, but not more than there were until now */
	ok(clock_tsc_hz() >= 2000ul * MEGAHERTZ && clock_tsc_hz() <= (tsc_read() - written) * 100,
	   "the TSC is measured: %lu MHz", clock_tsc_hz() / MEGAHERTZ);
	time_goes_on("at the rate measured");

	wait_ticks = UINT64_MAX;
	nr_reads = 0;
	ok(!clock_init(), "an 8254 that stands still is given up");
	ok(nr_reads < 2000000, "after %u reads", nr_reads);
	ok(clock_tsc_hz() >= 10 * MEGAHERTZ, "there is a rate all the same: %lu MHz",
	   clock_tsc_hz() / MEGAHERTZ);
	time_goes_on("without");

	absent = 0xff;
	ok(!clock_init(), "a port that reads as ones is no 8254");
	ok(clock_tsc_hz() >= 10 * MEGAHERTZ, "there is a rate then as well");
	return done_testing();
}
