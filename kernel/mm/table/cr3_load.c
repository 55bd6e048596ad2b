/* Loads roots and keeps the oracle's tags. */
#include "mm/table/cr3_load.h"

#include "core/cpu.h"
#include "lib/assert.h"

/* PCIDs in use are below 16; a user PCID is its kernel PCID with bit 11 set. */
enum { NR_PCIDS = 16, PCID_USER_SHIFT = 11, NR_TAGS = 2 * NR_PCIDS };
/* No claim about the user half. */
#define GENERATION_ANY 0ul

struct tag {
	uint64_t root; /* 0: the PCID holds nothing */
	uint64_t generation;
};

static struct tag tags[NR_CPUS_MAX][NR_TAGS];

static struct tag *tag_of(pcid_t pcid)
{
	unsigned is_user = pcid.pcid >> PCID_USER_SHIFT & 1;

	return &tags[this_cpu()->id][(pcid.pcid & (NR_PCIDS - 1)) + is_user * NR_PCIDS];
}

static bool oracle_is_on(void) { return ASSERTIONS && pcid_is_on; }

void cr3_oracle_check(cr3_t cr3, uint64_t generation)
{
	struct tag *tag;

	if (!oracle_is_on()) {
		return;
	}
	tag = tag_of(cr3_pcid(cr3));
	if (cr3_is_noflush(cr3) && tag->root) {
		assert(tag->root == cr3_root(cr3).pa);
		assert(generation == GENERATION_ANY || tag->generation == generation);
	} else {
		*tag = (struct tag){ cr3_root(cr3).pa, generation };
	}
}

void cr3_oracle_raise(pcid_t pcid, uint64_t generation)
{
	if (oracle_is_on()) {
		tag_of(pcid)->generation = generation;
	}
}

/* What is loaded fills up again at once, so its tag stays. */
void cr3_oracle_forget(pcid_t pcid)
{
	if (oracle_is_on() && cr3_pcid(cr3_read()).pcid != pcid.pcid) {
		tag_of(pcid)->root = 0;
	}
}

void cr3_oracle_forget_all(void)
{
	if (!oracle_is_on()) {
		return;
	}
	for (unsigned pcid = 0; pcid < NR_PCIDS; pcid++) {
		cr3_oracle_forget((pcid_t){ (uint16_t)pcid });
		cr3_oracle_forget((pcid_t){ (uint16_t)(pcid | 1u << PCID_USER_SHIFT) });
	}
}

void cr3_load_as(cr3_t cr3, uint64_t generation)
{
	cr3_oracle_check(cr3, generation);
	cr3_write(cr3);
	COUNT(cr3_loads);
}

void cr3_load(cr3_t cr3) { cr3_load_as(cr3, GENERATION_ANY); }
