/*
 * Stores to one word of kernel memory after the other, and asks the kernel after each what it led
 * to.
 *
 *   root sweep [seed=N] [from=N] [to=N] [n=N] [mode=random|exhaustive] [only=PATTERN] [value=NAME]
 * [acts=N] [audit=N] [round=MS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "referee.h"

static uint64_t number_of(const char *text) { return strtoul(text, NULL, 0); }

static bool take_argument(struct setup *setup, char *text)
{
	struct order *order = &setup->order;
	char *value = strchr(text, '=');

	if (value == NULL) {
		return false;
	}
	*value++ = '\0';
	if (strcmp(text, "seed") == 0) {
		order->seed = number_of(value);
	} else if (strcmp(text, "from") == 0) {
		order->index = number_of(value);
	} else if (strcmp(text, "to") == 0) {
		setup->end = number_of(value);
	} else if (strcmp(text, "n") == 0) {
		setup->nr_stores = number_of(value);
	} else if (strcmp(text, "audit") == 0) {
		setup->nr_per_audit = number_of(value);
	} else if (strcmp(text, "round") == 0) {
		setup->round_ms = number_of(value);
	} else if (strcmp(text, "acts") == 0) {
		order->acts = (uint32_t)number_of(value);
	} else if (strcmp(text, "mode") == 0) {
		order->is_exhaustive = strcmp(value, "exhaustive") == 0;
	} else if (strcmp(text, "only") == 0) {
		snprintf(order->only, sizeof(order->only), "%s", value);
	} else if (strcmp(text, "value") == 0) {
		snprintf(order->value, sizeof(order->value), "%s", value);
	} else {
		return false;
	}
	return true;
}

int main(int argc, char *argv[])
{
	struct setup setup = { .nr_stores = 1,
			       .nr_per_audit = 1,
			       .end = UINT64_MAX,
			       .round_ms = ROUND_MS,
			       .order = { .acts = ACT_ALL } };

	for (int i = 1; i < argc; i++) {
		if (!take_argument(&setup, argv[i])) {
			fprintf(stderr, "sweep: what is %s?\n", argv[i]);
			return 2;
		}
	}
	return referee_run(&setup);
}
