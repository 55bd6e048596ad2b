/* The table of CPUs. */
#include "core/cpu.h"

struct cpu *cpus[NR_CPUS_MAX];
unsigned nr_cpus;
