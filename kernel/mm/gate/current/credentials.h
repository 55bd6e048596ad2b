/* In the gate: what its files share that change credentials. */
#pragma once

#include "mm/gate/current/credential.h"
#include "mm/gate/kernel/pools.h"
#include "mm/gate/operations.h"

/* The entry of the current process, whose number is told; NULL: it is another's. */
const struct credential *credential_current(uint64_t told);
/* One store, in a pool that POOL_WRITE does not write to. False: the page is gone, or, with
 * ptprot=off, it cannot be written. */
bool pool_word_write(const struct pool *pool, const void *to, uint64_t value) MUST_CHECK;
/* The same in the credentials' pool, within a page; up to its changed words. */
bool authority_write(const void *to, const void *from, uint64_t len_bytes) MUST_CHECK;
bool credential_write(const struct credential *entry, const struct credential *value) MUST_CHECK;
/* A binding under another policy: credential.h, policy_rule_next. */
uint32_t binding_next(const struct program_policy *next, uint32_t binding);
