/* The gate on the host: open always. */
#include "mm/gate/operations.h"

#include <stdlib.h>

#include "mm/frame/xpfo.h"
#include "mm/gate/current/credential.h"
#include "mm/tlb/tlb_batch.h"

uint64_t gate_enter_off(uint64_t a, uint64_t b, uint64_t c, uint64_t unused, uint64_t d,
			enum gate_operation operation)
{
	(void)unused;
	return gate_operations[operation](a, b, c, d);
}

/* There are no threads. */
uint64_t gate_switch_off(uint64_t a, uint64_t b, uint64_t c, uint64_t unused, uint64_t d,
			 enum gate_operation operation)
{
	(void)a, (void)b, (void)c, (void)unused, (void)d, (void)operation;
	abort();
}

/* From gate_begin on: generations, and frames that wait for one. */
#define NONE(name)                                                                                 \
	uint64_t name(uint64_t a, uint64_t b, uint64_t c, uint64_t d)                              \
	{                                                                                          \
		(void)a, (void)b, (void)c, (void)d;                                                \
		abort();                                                                           \
	}
NONE(gate_flush)
NONE(gate_downgrade)
NONE(gate_frames_hide)
NONE(gate_frames_settle)
NONE(gate_frames_reveal)
NONE(gate_credential_change)
NONE(gate_credential_set)
NONE(gate_policy_set)
NONE(gate_calls_bind)
NONE(gate_stack_give)
NONE(gate_stack_take)
NONE(gate_switch)
NONE(gate_switch_here)

uint32_t gate_number_next(void) { abort(); }

bool gate_number_is_complete(uint32_t number)
{
	(void)number;
	abort();
}

/* No processor runs anything. */
bool gate_root_is_named(uint32_t root)
{
	(void)root;
	return false;
}

bool gate_root_runs_elsewhere(uint32_t root)
{
	(void)root;
	return false;
}

/* user_tlb.c is what TLBs hold */
void half_forget(uint32_t root) { (void)root; }
void half_raise(uint32_t root) { (void)root; }
void half_flush(struct current *own, uint32_t root) { (void)own, (void)root; }
bool half_is_complete(uint32_t root) { return root; }
void as_tlb_wait(uint32_t root) { (void)root; }
bool half_flush_pages(struct current *own, uint32_t root, struct tlb_batch pages)
{
	return own && root && pages.start > pages.end;
}

/* no root is filled with a program */
bool program_begin(pfn_t root, uint64_t file) { return !root.pfn && !file; }
void program_spoil(pfn_t root) { (void)root; }
void program_end(pfn_t root) { (void)root; }
bool program_is_whole(pfn_t root) { return !root.pfn; }
bool program_lets_write(const struct place *place, uint64_t address, uint64_t len_bytes)
{
	return !place && !address && !len_bytes;
}
uint64_t gate_program_load(uint64_t root, uint64_t nr, uint64_t unused2, uint64_t unused3)
{
	(void)root, (void)nr, (void)unused2, (void)unused3;
	return GATE_NOT_OURS;
}

void gate_kernel_half_lock(void) {}
void gate_kernel_half_unlock(void) {}

/* Where the test has no variants, and no options. */
__attribute__((weak)) struct xpfo_variant xpfo;
__attribute__((weak)) struct options options;
struct gate_credentials gate_credentials;

/* No root is current. */
static const struct current current;
static const struct cpu_sealed sealed = { .current = &current };
const struct cpu_sealed *host_sealed = &sealed;
