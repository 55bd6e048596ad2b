/* Who a process acts for. */
#include "task/credentials.h"

#include "task/process.h"

void credentials_set(struct process *process, uint64_t uid) { process->uid = (uint32_t)uid; }
