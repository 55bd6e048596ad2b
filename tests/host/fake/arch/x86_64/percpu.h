/* A CPU's own data in a host test: whichever CPU the test says is running. Tests that need it
 * define host_cpu. */
#pragma once

#include "lib/types.h"

struct cpu;

extern struct cpu *host_cpu;

#define PERCPU_READ(offset) (*(const uint64_t *)((const char *)host_cpu + (offset)))

static inline struct cpu *percpu_self(void) { return host_cpu; }
