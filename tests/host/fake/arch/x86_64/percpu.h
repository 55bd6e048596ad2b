/* A CPU's own data in a host test: whichever CPU the test says is running. Tests that need it
 * define host_cpu. */
#pragma once

struct cpu;

extern struct cpu *host_cpu;

static inline struct cpu *percpu_self(void) { return host_cpu; }
