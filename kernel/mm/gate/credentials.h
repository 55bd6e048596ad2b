/* In the gate: what its files share that change credentials. */
#pragma once

#include "mm/gate/credential.h"
#include "mm/gate/operations.h"
#include "mm/gate/pools.h"

/* The entry of the current process, whose number is told; NULL: it is another's. */
const struct credential *credential_current(uint64_t told);
/* In the credentials' pool, within a page; up to its changed words. False: its page is gone, or,
 * with ptprot=off, it cannot be written. */
bool authority_write(const void *to, const void *from, uint64_t len_bytes) MUST_CHECK;
bool credential_write(const struct credential *entry, const struct credential *value) MUST_CHECK;
