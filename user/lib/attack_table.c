/* The attack table, from attacks.def, and the names of outcomes and defences. */
#include "attack_run.h"

#include <string.h>

#define ATTACK(name, brief, stopped_by, outcome, nr_cpus)                                          \
	{ #name, brief, stopped_by, OUTCOME_##outcome, nr_cpus },
const struct attack_row attack_rows[] = {
#include "../attacks/attacks.def"
};
#undef ATTACK

const size_t nr_attack_rows = sizeof(attack_rows) / sizeof(attack_rows[0]);

const struct attack_row *attack_row_find(const char *name)
{
	for (size_t i = 0; i < nr_attack_rows; i++) {
		if (strcmp(attack_rows[i].name, name) == 0) {
			return &attack_rows[i];
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

const char *attack_defence_name(uint32_t defence)
{
	static const char *const names[] = {
#define DEFENCE(name, text) [BW_DEFENCE_##name] = (text),
#include "abi/defences.def"
#undef DEFENCE
	};

	return defence < sizeof(names) / sizeof(names[0]) ? names[defence] : "unknown";
}
