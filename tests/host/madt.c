/* sources: kernel/arch/x86_64/smp/madt.c */
/* The firmware's tables, good and damaged in every place: fewer processors, never a read outside.
 */
#include "host_assert.h"
#include "tap.h"

#include "arch/x86_64/smp/madt.h"

enum { MEMORY_BYTES = 4096, RSDP_AT = 0, XSDT_AT = 256, RSDT_AT = 512, MADT_AT = 1024 };
enum { MADT_BYTES = 44 }; /* without entries */

static unsigned char memory[MEMORY_BYTES];
static unsigned madt_len;
static unsigned nr_outside;
static struct madt_cpus cpus;

static const void *show(pa_t pa, uint64_t len_bytes)
{
	if (pa.pa > MEMORY_BYTES || len_bytes > MEMORY_BYTES - pa.pa) {
		nr_outside++;
		return NULL;
	}
	return memory + pa.pa;
}

static void put(unsigned at, uint64_t value, unsigned nr_bytes)
{
	memcpy(memory + at, &value, nr_bytes);
}

static void sum(unsigned at, unsigned len, unsigned checksum_at)
{
	unsigned char total = 0;

	memory[checksum_at] = 0;
	for (unsigned i = 0; i < len; i++) {
		total = (unsigned char)(total + memory[at + i]);
	}
	memory[checksum_at] = (unsigned char)-total;
}

static void header(unsigned at, const char *signature, unsigned len)
{
	memcpy(memory + at, signature, 4);
	put(at + 4, len, 4);
}

static void table_sum(unsigned at, unsigned len) { sum(at, len, at + 9); }

static void add_apic(unsigned apic_id, unsigned flags)
{
	unsigned at = MADT_AT + madt_len;

	put(at, 0 | 8 << 8 | apic_id << 24, 4);
	put(at + 4, flags, 4);
	madt_len += 8;
}

static void add_x2apic(unsigned apic_id, unsigned flags)
{
	unsigned at = MADT_AT + madt_len;

	put(at, 9 | 16 << 8, 4);
	put(at + 4, apic_id, 4);
	put(at + 8, flags, 4);
	madt_len += 16;
}

static void finish(void)
{
	header(MADT_AT, "APIC", madt_len);
	table_sum(MADT_AT, madt_len);
}

/* Root pointer of ACPI 2.0, XSDT and RSDT with one pointer each, a MADT without entries. */
static void begin(void)
{
	memset(memory, 0, sizeof(memory));
	memcpy(memory + RSDP_AT, "RSD PTR ", 8);
	memory[RSDP_AT + 15] = 2;
	put(RSDP_AT + 16, RSDT_AT, 4);
	put(RSDP_AT + 20, 36, 4);
	put(RSDP_AT + 24, XSDT_AT, 8);
	sum(RSDP_AT, 20, RSDP_AT + 8);
	sum(RSDP_AT, 36, RSDP_AT + 32);
	header(XSDT_AT, "XSDT", 36 + 8);
	put(XSDT_AT + 36, MADT_AT, 8);
	table_sum(XSDT_AT, 36 + 8);
	header(RSDT_AT, "RSDT", 36 + 4);
	put(RSDT_AT + 36, MADT_AT, 4);
	table_sum(RSDT_AT, 36 + 4);
	madt_len = MADT_BYTES;
	nr_outside = 0;
}

static unsigned nr_found(void)
{
	bool is_good = madt_read(memory + RSDP_AT, 36, show, &cpus) == STATUS_OK;

	return is_good == !cpus.error && is_good == (cpus.nr > 0) ? cpus.nr : 999;
}

static void four_processors(void)
{
	begin();
	for (unsigned id = 0; id < 4; id++) {
		add_apic(id * 2, 1);
	}
	finish();
}

static void good_tables(void)
{
	four_processors();
	is(nr_found(), 4, "four processors are found");
	is(cpus.apic_ids[3], 6, "with their APIC ids");
	begin();
	add_apic(0, 1);
	add_x2apic(300, 1);
	finish();
	is(nr_found(), 2, "an x2APIC entry counts");
	is(cpus.apic_ids[1], 300, "with all bits of its id");
	four_processors();
	memory[XSDT_AT + 9]++;
	is(nr_found(), 4, "with a bad XSDT the RSDT serves");
	four_processors();
	is(madt_read(memory, 20, show, &cpus), STATUS_OK, "a root pointer of ACPI 1.0 serves");
}

static void odd_entries(void)
{
	begin();
	add_apic(0, 1);
	add_apic(0, 1);
	add_apic(1, 0);
	add_apic(2, 2);
	finish();
	is(nr_found(), 1, "doubled, disabled and absent processors are left out");
	is(cpus.nr_refused, 2,
	   "the doubled one and the one that may be plugged in count as refused");
	begin();
	add_apic(0, 1);
	put(MADT_AT + madt_len, 0 | 0 << 8, 2);
	madt_len += 8;
	finish();
	is(nr_found(), 1, "an entry of length 0 ends the list");
	begin();
	add_apic(0, 1);
	put(MADT_AT + madt_len, 0 | 200 << 8, 2);
	madt_len += 8;
	finish();
	is(nr_found(), 1, "an entry that ends past the table ends the list");
	begin();
	add_apic(0, 1);
	put(MADT_AT + madt_len, 0 | 4 << 8, 2);
	madt_len += 4;
	add_apic(1, 1);
	finish();
	is(nr_found(), 2, "an entry too short for its type is stepped over");
	is(cpus.nr_refused, 1, "and counts as refused");
	begin();
	add_x2apic(7, 1);
	put(MADT_AT + MADT_BYTES, 9 | 12 << 8, 2);
	madt_len -= 4;
	add_apic(1, 1);
	finish();
	is(nr_found(), 1, "an x2APIC entry that is too short is none");
	is(cpus.nr_refused, 1, "but counts as refused");
	is(cpus.apic_ids[0], 1, "and the next one is read");
	begin();
	add_apic(0, 1);
	put(MADT_AT + madt_len, 200 | 16 << 8, 2);
	put(MADT_AT + madt_len + 4, 7, 4);
	put(MADT_AT + madt_len + 8, 1, 4);
	madt_len += 16;
	finish();
	is(nr_found(), 1, "an entry of an unknown type is no x2APIC, whatever it holds");
	is(cpus.nr_refused, 0, "nor refused");
	begin();
	add_apic(0, 1);
	put(MADT_AT + madt_len, 200 | 6 << 8, 2);
	madt_len += 6;
	add_apic(1, 1);
	finish();
	is(nr_found(), 2, "an entry of an unknown type is stepped over");
	begin();
	finish();
	is(nr_found(), 0, "a MADT without processors is refused");
}

static void bad_tables(void)
{
	four_processors();
	is(madt_read(memory, 0, show, &cpus), STATUS_EINVAL, "no root pointer");
	memory[RSDP_AT] = 'X';
	is(nr_found(), 0, "a root pointer with another signature is refused");
	four_processors();
	memory[RSDP_AT + 8]++;
	is(nr_found(), 0, "a root pointer with a bad checksum is refused");
	four_processors();
	memory[MADT_AT + 9]++;
	is(nr_found(), 0, "a MADT with a bad checksum is refused");
	four_processors();
	put(MADT_AT + 4, UINT32_MAX, 4);
	is(nr_found(), 0, "a MADT of 4 GiB is refused");
	four_processors();
	put(MADT_AT + 4, 8, 4);
	is(nr_found(), 0, "a MADT shorter than its header is refused");
	four_processors();
	put(XSDT_AT + 4, MEMORY_BYTES, 4);
	put(RSDT_AT + 4, MEMORY_BYTES, 4);
	is(nr_found(), 0, "root tables that end past memory are refused");
	ok(cpus.error != NULL, "and the reason is given");
}

/* Each byte of each table changed, to each of a few values. */
static void damage(void)
{
	unsigned nr_wrong = 0;

	for (unsigned at = 0; at < MADT_AT + 100; at++) {
		for (unsigned value = 0; value < 256; value += 51) {
			four_processors();
			memory[at] = (unsigned char)value;
			nr_wrong += nr_found() > MADT_CPUS_MAX;
		}
	}
	is(nr_wrong, 0, "no damaged byte leads astray");
}

int main(void)
{
	good_tables();
	odd_entries();
	bad_tables();
	damage();
	return done_testing();
}
