/* The attack table, from attacks.def, and the names of outcomes and defences. */
#include "attack_run.h"

#include <string.h>

#define ATTACK(name, brief, stopped_by, outcome, nr_cpus)                                          \
	{ #name, brief, stopped_by, OUTCOME_##outcome, nr_cpus },
static const struct attack_row museum[] = {
#include "../attacks/attacks.def"
};
#undef ATTACK

enum { NR_MUSEUM = sizeof(museum) / sizeof(museum[0]) };

size_t attack_count(void) { return NR_MUSEUM + nr_attack_extras; }

bool attack_is_extra(size_t index) { return index >= NR_MUSEUM; }

const struct attack_row *attack_at(size_t index)
{
	return attack_is_extra(index) ? &attack_extras[index - NR_MUSEUM] : &museum[index];
}

const struct attack_row *attack_row_find(const char *name)
{
	for (size_t i = 0; i < attack_count(); i++) {
		const struct attack_row *row = attack_at(i);

		if (row->stopped_by != NULL && strcmp(row->name, name) == 0) {
			return row;
		}
	}
	return NULL;
}

const char *attack_outcome_name(enum attack_outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_BREACH] = "BREACH", [OUTCOME_FAULT] = "FAULT",
		[OUTCOME_DENIED] = "DENIED", [OUTCOME_NOTHING] = "NOTHING",
		[OUTCOME_SKIP] = "SKIP",     [OUTCOME_ERROR] = "ERROR",
	};

	return names[outcome];
}

enum colour attack_outcome_colour(enum attack_outcome outcome)
{
	switch (outcome) {
	case OUTCOME_BREACH:
	case OUTCOME_ERROR: return COLOUR_BAD;
	case OUTCOME_SKIP: return COLOUR_UNDECIDED;
	default: return COLOUR_GOOD;
	}
}

const char *attack_defence_name(uint32_t defence)
{
	static const char *const names[] = {
#define DEFENCE(name, text) [BW_DEFENCE_##name] = (text),
#include "abi/defences.def"
#undef DEFENCE
	};

	return defence < sizeof(names) / sizeof(names[0]) ? names[defence] : "unknown";
}
