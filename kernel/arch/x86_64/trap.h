/* Where the entry code goes: fills the pointers that it fetches from struct cpu. */
#pragma once

struct cpu;

void trap_set_handlers(struct cpu *cpu);
