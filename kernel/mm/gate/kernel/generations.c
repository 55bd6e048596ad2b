/*
 * In the gate: generations of the kernel half (docs/tlb.md). What a processor says that it has seen
 * it says here, after a flush that this operation has made itself; complete is what all have seen,
 * whatever they do meanwhile.
 */
#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/tlb_insn.h"
#include "core/cpu.h"
#include "mm/gate/operations.h"

RO_AFTER_INIT uint64_t gate_kept_start;

static struct gate_kept *kept_of(unsigned cpu)
{
	return (struct gate_kept *)(gate_kept_start + cpu * (uint64_t)GATE_BLOCK_PAGES * PAGE_SIZE);
}

/* Where the gate writes it. */
static struct gate_kept *shared(void)
{
	return (struct gate_kept *)((uint64_t)kept_of(0) + gate_distance);
}

/* Of the processor whose stack this is. */
struct gate_kept *gate_kept_own(void)
{
	uint64_t block =
		align_down((uint64_t)__builtin_frame_address(0), GATE_BLOCK_PAGES * PAGE_SIZE);

	return (struct gate_kept *)(block + (1 + GATE_STACK_PAGES) * PAGE_SIZE + GATE_KEPT_OFFSET);
}

const struct current *gate_current(unsigned cpu) { return &kept_of(cpu)->current; }

struct gate_counted gate_counted(unsigned cpu)
{
	const struct gate_kept *kept = kept_of(cpu);

	return gate_is_shut() ? (struct gate_counted){ kept->nr_openings, kept->nr_shown }
			      : (struct gate_counted){ 0, 0 };
}

uint64_t generation_newest(void) { return __atomic_load_n(&kept_of(0)->newest, __ATOMIC_ACQUIRE); }

uint64_t generation_seen(unsigned cpu)
{
	return __atomic_load_n(&kept_of(cpu)->seen, __ATOMIC_ACQUIRE);
}

const uint64_t *generation_seen_address(unsigned cpu)
{
	return gate_is_shut() ? &kept_of(cpu)->seen : NULL;
}

/* Of gate_kept: which lock of the first processor's. */
static void lock(size_t offset)
{
	while (gate_is_shut() &&
	       __atomic_exchange_n((uint32_t *)((char *)shared() + offset), 1, __ATOMIC_SEQ_CST)) {
		cpu_relax();
	}
}

static void unlock(size_t offset)
{
	if (gate_is_shut()) {
		__atomic_store_n((uint32_t *)((char *)shared() + offset), 0, __ATOMIC_RELEASE);
	}
}

void gate_kernel_half_lock(void) { lock(offsetof(struct gate_kept, kernel_half)); }
void gate_kernel_half_unlock(void) { unlock(offsetof(struct gate_kept, kernel_half)); }
void gate_credentials_lock(void) { lock(offsetof(struct gate_kept, credentials)); }
void gate_credentials_unlock(void) { unlock(offsetof(struct gate_kept, credentials)); }

/* Neither 0 nor FRAME_SETTLING may be the end of a generation. */
static bool is_skipped(uint64_t generation) { return (uint32_t)(generation + 1) <= 1; }

/* The one after that. */
static uint64_t next(uint64_t generation)
{
	do {
		generation++;
	} while (is_skipped(generation));
	return generation;
}

/* Full barrier: the entries were changed before. */
uint64_t gate_downgrade(uint64_t unused0, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	uint64_t generation;

	(void)unused0, (void)unused1, (void)unused2, (void)unused3;
	do {
		generation = __atomic_add_fetch(&shared()->newest, 1, __ATOMIC_SEQ_CST);
	} while (is_skipped(generation));
	return GATE_DONE | generation << GATE_VALUE_SHIFT;
}

void gate_flush_everything(void)
{
	if (!pcid_is_on) {
		cr3_write(cr3_read());
	} else if (cpu_features.invpcid) {
		insn_invpcid(INVPCID_ALL_AND_GLOBAL, (pcid_t){ 0 }, 0);
	} else {
		insn_toggle_pge();
	}
}

/* The generation is read before the flush, and written after it. */
uint64_t gate_flush(uint64_t unused0, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	uint64_t generation = generation_newest();

	(void)unused0, (void)unused1, (void)unused2, (void)unused3;
	gate_flush_everything();
	__atomic_store_n(&gate_kept_own()->seen, generation, __ATOMIC_RELEASE);
	return GATE_DONE | generation << GATE_VALUE_SHIFT;
}

/*
 * It is not drawn here: whoever waits draws it, one for any number of frames. A variant of XPFO
 * that is not to wait draws none.
 */
uint32_t gate_number_next(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return (uint32_t)next(generation_newest());
}

/* The latest generation that it can be: what was drawn for a frame came before, or comes next. */
static uint64_t generation_of(uint32_t number)
{
	uint64_t latest = next(generation_newest());

	return latest - (uint32_t)((uint32_t)latest - number);
}

static uint64_t seen_by_all(void)
{
	uint64_t all = UINT64_MAX;

	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		all = MIN(all, generation_seen(cpu));
	}
	return all;
}

/* An older value in its place only costs another look. */
static bool is_complete(uint64_t generation)
{
	uint64_t all = shared()->newest_complete;

	if (generation > all) {
		all = seen_by_all();
		__atomic_store_n(&shared()->newest_complete, all, __ATOMIC_RELEASE);
	}
	return generation <= all;
}

bool gate_number_is_complete(uint32_t number) { return is_complete(generation_of(number)); }

void gate_pools_changed(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	shared()->pools_changed = next(generation_newest());
}

uint64_t gate_pools_next(void) { return shared()->pools_next; }

void gate_pools_next_set(uint64_t address) { shared()->pools_next = address; }

bool gate_pools_are_settled(void) { return is_complete(shared()->pools_changed); }
