/* What would become of an access: the page tables and the processor's rules, applied to no access
 * at all. */
#pragma once

#include "mm/watch/explain.h"

struct as;

enum accessor { ACCESSOR_KERNEL, ACCESSOR_USER, NR_ACCESSORS };
enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH, NR_ACCESSES };

/* What a process may have at an address of the user half; exists: it may have something. */
struct memory_region {
	bool exists;
	uint64_t start, end;
	unsigned rights; /* enum rights */
};
/* Takes as->lock. */
void memory_region_find(struct as *as, uint64_t address, struct memory_region *out);

/* "r-x" */
const char *memory_rights_text(const struct memory_region *region);

struct access_verdict {
	bool is_allowed;
	enum bw_defence defence;        /* that says no */
	char reason[EXPLANATION_BYTES]; /* empty where there is nothing to say */
};

/* explanation: of explain_address with this root; region: of the address space that has it. */
void explain_access(pfn_t root, const struct explanation *explanation,
		    const struct memory_region *region, enum accessor accessor, enum access access,
		    struct access_verdict *out);
