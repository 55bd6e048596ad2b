/* Who a process acts for. */
#pragma once

#include "lib/types.h"

struct process;

/* Boot: has memory kept back for root's processes. */
void credentials_init(void);

/* Checks nothing: the caller has. It is what attacks want the kernel to call. */
void credentials_set(struct process *process, uint64_t uid);
