/* Scrubs buffers that held user bytes. */
#include "task/sched/bounce.h"

#include "lib/string.h"

void bounce_scrub(void *buffer, size_t len_bytes) { memset(buffer, 0, len_bytes); }
