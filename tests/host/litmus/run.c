/* Interprets litmus tests on simulated CPUs and collects what their registers hold at each end. */
#include "run.h"

#include <stdlib.h>
#include <string.h>

#include "mm/tlb/tlb_hw.h"
#include "tlb/kernel.h"

enum { OUTCOMES_MAX = 512, VERSIONS = 256 };

/* The same in each state, so no part of it. */
static const struct litmus *test;
static litmus_regs *outcomes;
static unsigned *nr_outcomes;

/* Part of the state: memory, and what translations lead to. */
static litmus_regs regs;
static tlb_word_t words[LITMUS_WORDS], frames[LITMUS_FRAMES], fence;
static unsigned char frame_of[VERSIONS];

static uint16_t version_of(unsigned frame)
{
	uint16_t version = sim_version_new();

	frame_of[version % VERSIONS] = (unsigned char)frame;
	return version;
}

/* A page that no line tells of leads nowhere. */
static void prepare(void)
{
	memset(regs, LITMUS_UNSET, sizeof(regs));
	fence.value = 0;
	for (unsigned i = 0; i < LITMUS_FRAMES; i++) {
		frames[i].value = 'a' + i;
	}
	for (unsigned i = 0; i < LITMUS_WORDS; i++) {
		words[i].value = test->word_start[i];
	}
	for (unsigned space = 0; space < LITMUS_SPACES; space++) {
		for (unsigned page = 0; page < LITMUS_PAGES; page++) {
			unsigned frame =
				page < test->nr_pages ? test->frame[space][page] : LITMUS_NONE;

			sim.user_pte[space][page].value =
				frame == LITMUS_NONE ? 0 : version_of(frame);
		}
	}
}

/* --- operations --- */

/* Which frame's memory the access reaches; NULL: none. */
static tlb_word_t *access_frame(unsigned page)
{
	uint16_t version = sim_access(page);

	return version ? &frames[frame_of[version % VERSIONS] - 'a'] : NULL;
}

static void read_page(const struct litmus_op *op, unsigned char *reg)
{
	const tlb_word_t *frame = access_frame(op->target);

	*reg = frame ? (unsigned char)tlb_hw_read(frame) : LITMUS_NONE;
}

static void write_page(const struct litmus_op *op)
{
	tlb_word_t *frame = access_frame(op->target);

	if (frame) {
		tlb_hw_write(frame, op->value);
	}
}

static void wait_for(const struct litmus_op *op)
{
	while (tlb_hw_read(&words[op->target]) != op->value) {
		tlb_hw_relax();
	}
}

/* The kernel's own code, by system call. */
static void discard(unsigned page)
{
	kernel_enter();
	page_downgrade(0, page, PAGE_UNMAP);
	kernel_exit();
}

/* From here on the CPU has no address space of the kernel's choice. */
static void load_root(const struct litmus_op *op)
{
	cr3_t cr3 = cr3_make(sim_space_root(op->space), (pcid_t){ (uint16_t)op->pcid });

	sim_self()->interruptible = false;
	sim_stand(false, false);
	cr3_load(op->noflush ? cr3_noflush(cr3) : cr3);
	sim_self()->interruptible = true;
}

static uint64_t address_of(const struct litmus_op *op) { return sim_user_address(op->target).uva; }

static void flush(const struct litmus_op *op)
{
	switch (op->kind) {
	case OP_INVLPG: tlb_hw_flush_page(address_of(op)); break;
	case OP_INVPCID:
		tlb_hw_flush_page_of((pcid_t){ (uint16_t)op->pcid }, address_of(op));
		break;
	case OP_FLUSH_PCID: tlb_hw_flush_pcid((pcid_t){ (uint16_t)op->pcid }); break;
	default: tlb_hw_flush_all();
	}
}

static void run_op(const struct litmus_op *op, unsigned char *reg)
{
	switch (op->kind) {
	case OP_LOAD: *reg = (unsigned char)tlb_hw_read(&words[op->target]); break;
	case OP_STORE: tlb_hw_write(&words[op->target], op->value); break;
	case OP_EXCHANGE:
		*reg = (unsigned char)tlb_hw_exchange(&words[op->target], op->value);
		break;
	case OP_ADD: *reg = (unsigned char)tlb_hw_add(&words[op->target], op->value); break;
	case OP_WAIT: wait_for(op); break;
	case OP_FENCE: (void)tlb_hw_exchange(&fence, 0); break;
	case OP_READ: read_page(op, reg); break;
	case OP_WRITE: write_page(op); break;
	case OP_ENTRY:
		tlb_hw_write(&sim.user_pte[op->space][op->target],
			     op->value == LITMUS_NONE ? 0 : version_of(op->value));
		break;
	case OP_TABLE:
		tlb_hw_write(&sim.user_pde[op->space][op->target],
			     op->value ? sim_version_new() : 0);
		break;
	case OP_CR3: load_root(op); break;
	case OP_DISCARD: discard(op->target); break;
	default: flush(op);
	}
}

static void run_thread(void)
{
	unsigned thread = sim.current;

	for (unsigned i = 0; i < test->nr_ops[thread]; i++) {
		const struct litmus_op *op = &test->ops[thread][i];

		run_op(op, &regs[thread][op->reg]);
	}
}

/* --- outcomes --- */

static void at_end(void)
{
	unsigned i = 0;

	while (i < *nr_outcomes && memcmp(outcomes[i], regs, sizeof(regs)) != 0) {
		i++;
	}
	if (i == *nr_outcomes && i < OUTCOMES_MAX) {
		memcpy(outcomes[i], regs, sizeof(regs));
		++*nr_outcomes;
	}
}

struct litmus_result litmus_run(const struct litmus *to_run, bool has_pcid)
{
	struct sim_config config = { .nr_cpus = to_run->nr_threads,
				     .pcid = has_pcid,
				     .invpcid = has_pcid };
	struct scenario scenario = { .name = to_run->name, .prepare = prepare, .at_end = at_end };
	struct explored explored;

	if (!outcomes) {
		outcomes = malloc(OUTCOMES_MAX * sizeof(*outcomes));
		nr_outcomes = malloc(sizeof(*nr_outcomes));
	}
	*nr_outcomes = 0;
	test = to_run;
	for (unsigned i = 0; i < to_run->nr_threads; i++) {
		scenario.programs[i] = run_thread;
	}
	explored = explore(&scenario, &config);
	return (struct litmus_result){ .problem = explored.problem,
				       .nr_outcomes = *nr_outcomes,
				       .outcomes = (const litmus_regs *)outcomes,
				       .nr_states = explored.nr_states };
}
