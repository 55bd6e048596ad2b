/*
 * What is sealed since boot, and attacks aim at, too: the boot archive, and the tables that
 * processors trust. There is no copy of it to compare with: a checksum says whether it changed.
 */
#include "core/cpu.h"
#include "core/panic.h"
#include "core/poll.h"
#include "lib/string.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/entry_area.h"
#include "task/process/boot_archive.h"
#include "vuln/target.h"

enum { PIECE_BYTES = 32768 };

/* In a write-rare pool that is claimed. 0: not computed yet. */
static RO_AFTER_INIT const uint64_t *known;
static RO_AFTER_INIT const struct pool *pool;

/* FNV-1a, eight bytes at a time. */
static uint64_t add(uint64_t sum, const void *bytes, size_t len_bytes)
{
	for (size_t at = 0; at < len_bytes; at += sizeof(uint64_t)) {
		uint64_t word = 0;

		memcpy(&word, (const char *)bytes + at, MIN(len_bytes - at, sizeof(word)));
		sum = (sum ^ word) * 0x100000001b3;
	}
	return sum;
}

/* Blocks, in pieces of poll_call: whoever must end goes on with what the others wait for. */
static uint64_t add_slowly(uint64_t sum, const char *bytes, size_t len_bytes)
{
	for (size_t at = 0; at < len_bytes; at += PIECE_BYTES) {
		sum = add(sum, bytes + at, MIN(len_bytes - at, (size_t)PIECE_BYTES));
		(void)poll_call();
	}
	return sum;
}

static uint64_t add_part(uint64_t sum, enum entry_part_id part)
{
	for (unsigned cpu = 0; cpu < (entry_rules[part].is_of_cpu ? nr_cpus : 1); cpu++) {
		sum = add_slowly(sum, (const char *)entry_area_address(part, cpu, 0),
				 entry_parts[part].nr_pages * (size_t)PAGE_SIZE);
	}
	return sum;
}

static uint64_t sum_of_all(void)
{
	const void *archive;
	size_t len_bytes = boot_archive_bytes(&archive);
	uint64_t sum = add_slowly(0xcbf29ce484222325, archive, len_bytes);

	return add_part(add_part(sum, PART_IDT), PART_DESCRIPTORS);
}

/* The tables are put right again; of the archive's bytes there is no copy. */
bool target_boot_changed(void)
{
	uint64_t sum = sum_of_all(), before = *known;
	bool is_changed = before && sum != before;

	if (is_changed) {
		entry_area_fill_again();
		sum = sum_of_all();
	}
	if (sum != before && wr_assign_in(pool, known, sum)) {
		panic("the witness cannot write down what it saw of the boot archive");
	}
	return is_changed;
}

void target_boot_init(void)
{
	void *object;

	if (pmalloc_create_pool("seen at boot", POOL_WR, PAGE_SIZE, 0, &pool) ||
	    pmalloc_claim_pool(pool) || pzalloc(pool, sizeof(*known), &object) ||
	    pmalloc_protect_pool(pool)) {
		panic("no memory for what the witness saw at boot");
	}
	known = object;
}
