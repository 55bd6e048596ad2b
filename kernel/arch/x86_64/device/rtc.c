/* The clock of the CMOS. Source: MC146818A datasheet, "Address Map", "Register A", "Register B". */
#include "arch/x86_64/device/rtc.h"

#include "arch/x86_64/cpu/io.h"

enum { PORT_INDEX = 0x70, PORT_DATA = 0x71 };
enum {
	REGISTER_A = 10,
	REGISTER_B = 11,
	A_UPDATING = 0x80,
	B_BINARY = 4,
	B_24_HOURS = 2,
	PM = 0x80
};
enum { READS_MAX = 10000, YEAR_LEAST = 24 };

enum field { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, NR_FIELDS };
static const uint8_t field_registers[NR_FIELDS] = { 0, 2, 4, 7, 8, 9 };
static const uint8_t field_least[NR_FIELDS] = { 0, 0, 0, 1, 1, YEAR_LEAST };
static const uint8_t field_most[NR_FIELDS] = { 59, 59, 23, 31, 12, 99 };

struct reading {
	uint8_t fields[NR_FIELDS];
};

static uint8_t read_register(uint8_t number)
{
	io_write8(PORT_INDEX, number);
	return io_read8(PORT_DATA);
}

static struct reading read_all(void)
{
	struct reading reading;

	for (unsigned i = 0; i < NR_FIELDS; i++) {
		reading.fields[i] = read_register(field_registers[i]);
	}
	return reading;
}

static bool is_equal(const struct reading *a, const struct reading *b)
{
	for (unsigned i = 0; i < NR_FIELDS; i++) {
		if (a->fields[i] != b->fields[i]) {
			return false;
		}
	}
	return true;
}

/* Twice the same, and not while the clock steps on. False: it never is. */
static bool read_stable(struct reading *out)
{
	for (unsigned i = 0; i < READS_MAX; i++) {
		struct reading again;

		if (read_register(REGISTER_A) & A_UPDATING) {
			continue;
		}
		*out = read_all();
		again = read_all();
		if (is_equal(out, &again)) {
			return true;
		}
	}
	return false;
}

/* From the clock's own way of writing numbers. */
static void decode(struct reading *reading)
{
	uint8_t format = read_register(REGISTER_B);
	bool is_afternoon = !(format & B_24_HOURS) && reading->fields[HOUR] & PM;

	if (!(format & B_24_HOURS)) {
		reading->fields[HOUR] &= (uint8_t)~PM;
	}
	for (unsigned i = 0; i < NR_FIELDS && !(format & B_BINARY); i++) {
		uint8_t coded = reading->fields[i];

		reading->fields[i] = (uint8_t)((coded >> 4) * 10 + (coded & 15));
	}
	if (!(format & B_24_HOURS)) {
		reading->fields[HOUR] =
			(uint8_t)(reading->fields[HOUR] % 12 + (is_afternoon ? 12 : 0));
	}
}

/* Of a date from 2000 to 2099: every fourth year is a leap year. */
static uint64_t days_since_1970(const struct reading *reading)
{
	static const uint16_t days_before[] = { 0,   31,  59,  90,  120, 151,
						181, 212, 243, 273, 304, 334 };
	enum { DAYS_UNTIL_2000 = 10957 };
	unsigned year = reading->fields[YEAR], month = reading->fields[MONTH];
	unsigned leap_days = (year + 3) / 4 + (year % 4 == 0 && month > 2);

	return DAYS_UNTIL_2000 + year * 365ul + leap_days + days_before[month - 1] +
	       reading->fields[DAY] - 1;
}

uint64_t rtc_read_seconds(void)
{
	struct reading now;

	if (!read_stable(&now)) {
		return 0;
	}
	decode(&now);
	/* where there is no clock its port reads as ones */
	for (unsigned i = 0; i < NR_FIELDS; i++) {
		if (now.fields[i] < field_least[i] || now.fields[i] > field_most[i]) {
			return 0;
		}
	}
	return ((days_since_1970(&now) * 24 + now.fields[HOUR]) * 60 + now.fields[MINUTE]) * 60 +
	       now.fields[SECOND];
}
