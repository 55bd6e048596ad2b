/*
 * KAISER: user mode runs on a root of its own, the shadow root, which maps the user half and of the
 * kernel nothing but the entry area. docs/kaiser.md.
 *
 * Roots come in pairs, kernel then shadow, 8 KiB aligned; the entry code flips one bit of CR3 to go
 * from one to the other, and a second one where PCIDs are in use.
 */
#pragma once

#include "core/options.h"
#include "lib/status.h"
#include "lib/types.h"

/* The variant that the machine runs with now. Written with all other CPUs stopped. */
extern enum option_kaiser kaiser_in_force;

/* Boot, before the first root is made: what was asked for, as far as the processor has it. */
void kaiser_init(void);

/* This CPU, once its part of the entry area is loaded: takes the way that is in force. */
void kaiser_init_cpu(void);

/*
 * Switches a running system between off and the best there is. Stops all CPUs. Flushes all of them:
 * entries of the kernel's roots get or lose their NX. No lock may be held.
 */
void kaiser_switch(bool on);

/* How often this CPU wrote CR3 on its way in or out of the kernel. */
struct cpu;
uint64_t kaiser_crossings(const struct cpu *cpu);
