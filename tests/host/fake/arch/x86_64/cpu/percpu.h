/* A CPU's own data in a host test: whichever CPU the test says is running. Tests that need it
 * define host_cpu, and host_sealed. */
#pragma once

#include "lib/types.h"

struct cpu;
struct cpu_sealed;

extern struct cpu *host_cpu;
extern const struct cpu_sealed *host_sealed;

#define PERCPU_READ(offset) (*(const uint64_t *)((const char *)host_cpu + (offset)))
#define PERCPU_READ32(offset) (*(const uint32_t *)((const char *)host_cpu + (offset)))
#define PERCPU_ADD32(offset, number)                                                               \
	(*(uint32_t *)((char *)host_cpu + (offset)) += (uint32_t)(number))
#define PERCPU_ADD64(offset, number)                                                               \
	(*(uint64_t *)((char *)host_cpu + (offset)) += (uint64_t)(number))

#define PERCPU_SEALED_READ(offset) (*(const uint64_t *)((const char *)host_sealed + (offset)))

static inline struct cpu *percpu_self(void) { return host_cpu; }
