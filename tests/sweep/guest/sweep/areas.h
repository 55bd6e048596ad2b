/* What is swept: areas of kernel memory, and the numbers in them. */
#pragma once

#include "board.h"

/* `count` numbers of `size` bytes, `stride` apart. */
struct leaf {
	const char *name; /* [] stands for which */
	uint32_t offset, size, count, stride;
};

struct area {
	const char *kind, *instance;
	uint64_t base;
	uint64_t neighbour; /* another of its kind; 0: none */
	const struct leaf *leaves;
	unsigned nr_leaves;
	bool is_protected, is_device, is_lasting;
};

enum { AREAS_MAX = 160 };
extern struct area areas[AREAS_MAX];
extern unsigned nr_areas;

/* Is what the gate alone writes protected: ptprot? Known once there is an attacker. */
bool areas_are_guarded(void);
/* The referee's, before there is an attacker: all that there are. */
void areas_find(void);
/* The attacker's: where this one is, now that it and its peer have told where they are. */
void area_refresh(struct area *area);

/* One number of an area. */
struct word {
	struct area *area;
	const struct leaf *leaf;
	uint32_t nth;
};
uint64_t areas_nr_words(void);
/* The nth of all. */
struct word areas_word(uint64_t nth);
static inline uint64_t word_offset(const struct word *word)
{
	return word->leaf->offset + (uint64_t)word->nth * word->leaf->stride;
}
/* kind:instance:member */
void word_name(const struct word *word, char *name);
