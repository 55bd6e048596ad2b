/* Time since boot. Sources: Intel SDM vol. 3B, "Time-Stamp Counter", vol. 2A, "CPUID", leaves 15H
 * and 16H; 8254 datasheet, mode 0 on channel 2. */
#include "arch/x86_64/device/clock.h"

#include "arch/x86_64/cpu/io.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/rtc.h"

enum {
	PIT_HZ = 1193182,
	PIT_CHANNEL_2 = 0x42,
	PIT_COMMAND = 0x43,
	PIT_GATE = 0x61,
	PIT_CHANNEL_2_MODE_0 = 0xb0, /* low byte, high byte, interrupt on terminal count */
	CALIBRATION_MS = 10,
	SCALE_SHIFT = 24,
	/* a read of a port takes a microsecond or so; ten milliseconds take no more than this */
	READS_MAX = 1000000,
	LEAF_TSC = 0x15,
	LEAF_FREQUENCY = 0x16,
};
#define HZ_LEAST 10000000ul   /* no processor of 64 bits is that slow */
#define HZ_GUESS 2000000000ul /* rather too fast: waits become longer, not shorter */

static RO_AFTER_INIT uint64_t tsc_hz, tsc_start;
static RO_AFTER_INIT uint64_t start_ns;    /* the time of day at tsc_start */
static RO_AFTER_INIT uint64_t ns_per_tick; /* << SCALE_SHIFT */

/* TSC ticks while the 8254 counts down `ms` milliseconds; 0: it does not end. */
static uint64_t tsc_ticks_in(unsigned ms)
{
	unsigned count = PIT_HZ / 1000 * ms;
	uint64_t start;

	io_write8(PIT_GATE, (io_read8(PIT_GATE) & ~2) | 1); /* speaker off, gate on */
	io_write8(PIT_COMMAND, PIT_CHANNEL_2_MODE_0);
	io_write8(PIT_CHANNEL_2, count & 0xff);
	io_write8(PIT_CHANNEL_2, count >> 8);
	start = tsc_read();
	for (unsigned i = 0; i < READS_MAX; i++) {
		if (io_read8(PIT_GATE) & 0x20) {
			return tsc_read() - start;
		}
		cpu_relax();
	}
	return 0;
}

/* What the processor says of itself; 0: nothing. */
static uint64_t hz_from_cpuid(void)
{
	uint32_t newest = cpuid_read(0, 0).eax;
	struct cpuid r;

	if (newest >= LEAF_TSC) {
		r = cpuid_read(LEAF_TSC, 0);
		if (r.eax && r.ebx && r.ecx) {
			return (uint64_t)r.ecx * r.ebx / r.eax;
		}
	}
	return newest >= LEAF_FREQUENCY ? (cpuid_read(LEAF_FREQUENCY, 0).eax & 0xffff) * 1000000ul
					: 0;
}

bool clock_init(void)
{
	bool is_measured;

	tsc_start = tsc_read();
	tsc_hz = tsc_ticks_in(CALIBRATION_MS) * (1000 / CALIBRATION_MS);
	/* where there is no 8254 its port reads as ones at once */
	is_measured = tsc_hz >= HZ_LEAST;
	if (!is_measured) {
		tsc_hz = hz_from_cpuid();
	}
	if (tsc_hz < HZ_LEAST) {
		tsc_hz = HZ_GUESS;
	}
	ns_per_tick = (1000000000ul << SCALE_SHIFT) / tsc_hz;
	start_ns = rtc_read_seconds() * 1000000000ul;
	start_ns -= MIN(start_ns, clock_now_ns());
	return is_measured;
}

uint64_t clock_now_ns(void)
{
	return (uint64_t)((unsigned __int128)(tsc_read() - tsc_start) * ns_per_tick >> SCALE_SHIFT);
}

uint64_t clock_realtime_ns(void) { return start_ns + clock_now_ns(); }

uint64_t clock_of_realtime(uint64_t realtime_ns)
{
	return realtime_ns > start_ns ? realtime_ns - start_ns : 0;
}

uint64_t clock_tsc_hz(void) { return tsc_hz; }

void clock_delay_us(uint64_t us)
{
	uint64_t end = clock_now_ns() + us * 1000;

	while (clock_now_ns() < end) {
		cpu_relax();
	}
}
