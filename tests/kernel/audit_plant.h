/* What the suites on the audit share: something is broken, the audit must say what, and it is
 * mended again. */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "force.h"
#include "ktest.h"
#include "mm/watch/audit.h"

/* Of the last run. */
extern struct bw_audit audit_result;

/* The first violation that the audit reports has these words in it. */
void expect_violation(const char *words, const char *what);
void expect_clean(const char *when);

/* pte_write refuses what no right code does: another frame in one store. */
void entry_force(pte_t *entry, pte_t pte);
/* Changes an entry of a page table, expects the audit to say so, and restores it. */
void plant(pte_t *entry, pte_t pte, const char *words, const char *what);

/* The same with the direct map's entry of a frame. If it lies in a 2 MiB page,
 * that is split meanwhile. */
void plant_direct(pfn_t frame, pte_t pte, const char *words, const char *what);

/* The page of a device's registers that is mapped behind all others. NULL: none is. */
pte_t *last_device(void);

/* The same with anything else that can be assigned to. */
#define PLANT(place, value, words, what)                                                           \
	do {                                                                                       \
		__typeof__(place) planted_over = (place);                                          \
                                                                                                   \
		FORCE((place) = (value));                                                          \
		expect_violation(words, what);                                                     \
		FORCE((place) = planted_over);                                                     \
	} while (0)
