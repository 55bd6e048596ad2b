/* The table of CPUs. */
#include "core/cpu.h"

RO_AFTER_INIT struct cpu *cpus[NR_CPUS_MAX];
RO_AFTER_INIT unsigned nr_cpus;
