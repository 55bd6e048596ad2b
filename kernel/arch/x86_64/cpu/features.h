/* What the processor can do, switched on where it is there and wanted. Source: Intel SDM vol. 2,
 * "CPUID". */
#pragma once

#include "lib/types.h"

struct cpu_wants {
	bool smep, smap, umip;
};

struct cpu_features {
	bool nx, smep, smap, umip, pks, mce, pcid, invpcid, xsave, rdrand, rdseed, x2apic;
	uint8_t phys_bits; /* width of a physical address */
};
extern struct cpu_features cpu_features; /* of the boot CPU */

void features_detect(void);

enum { FEATURES_MODEL_BYTES = 49 };
/* What the processor calls itself, in printable ASCII without blanks around it; returns `out`. */
const char *features_model(char out[FEATURES_MODEL_BYTES]);
/* Sets CR0, CR4 and EFER on this CPU: what is there and wanted. */
void features_enable(struct cpu_wants wants);
/* SYSCALL on this CPU: where it leads, selectors and flag mask. */
void syscall_enable(va_t entry);
