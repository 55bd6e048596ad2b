/* mmap and munmap within a change that the caller began: for brk, which is one of either. */
#pragma once

#include "mm/as.h"

/* As as_map and as_unmap, whose checks of length and rights the caller has made. */
status_t as_map_begun(struct as *as, enum as_map_how how, uint64_t at, uint64_t len_bytes,
		      unsigned rights, unsigned region_flags, uva_t *out) MUST_CHECK;
status_t as_unmap_begun(struct as *as, uva_t at, uint64_t len_bytes) MUST_CHECK;
