/* How the parts of areas.c name the areas that there are. */
#pragma once

#include <bulwark_kernel.h>

#include "areas.h"

#define LEAF(name, offset, size, count, stride) { name, offset, size, count, stride },
#define LEAVES(name) static const struct leaf name##_leaves[] = { BW_LEAVES_##name(LEAF) }
static const struct leaf word_leaves[] = { { "", 0, 8, 1, 8 } };

enum area_flags { ORDINARY, PROTECTED = 1, DEVICE = 2, LASTING = 4 };

/* False: this one is not asked for. */
bool area_is_wanted(const char *kind, const char *instance);
void area_add(struct area area);

/* Looks nowhere unless the area is wanted: each look is a system call. */
#define ADD(kind, instance, base, neighbour, leaves, flags)                                        \
	do {                                                                                       \
		if (area_is_wanted(kind, instance)) {                                              \
			area_add((struct area){ kind, instance, base, neighbour, leaves,           \
						sizeof(leaves) / sizeof(leaves[0]),                \
						((flags)&PROTECTED) != 0, ((flags)&DEVICE) != 0,   \
						((flags)&LASTING) != 0 });                         \
		}                                                                                  \
	} while (0)

/* What the gate alone writes is protected where there is one: ptprot. */
enum area_flags area_guarded(void);
/* Page tables on the way to what is worth something, rows of the frame table, links of free lists,
 * and what the gate has of its own. */
void areas_add_frames(void);
