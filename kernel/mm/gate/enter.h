/*
 * The way into the gate: gate.asm opens protected memory on this processor, moves to this
 * processor's protected stack, calls the operation, and closes again. Host tests have a way of
 * their own behind the same name (tests/host/fake).
 */
#pragma once

#include "lib/types.h"

enum gate_operation {
#define GATE(name, function, text) GATE_##name,
#include "mm/gate/gate.def"
#undef GATE
	NR_GATE_OPERATIONS,
};

/* The gate's IDT: the processor's own vectors, as others do not arrive with interrupts off. */
enum { GATE_NR_VECTORS = 32, GATE_STUB_BYTES = 16 };

/* One for each value of ptprot, and the one in force. */
typedef uint64_t gate_way(uint64_t a, uint64_t b, uint64_t c, uint64_t unused, uint64_t d,
			  enum gate_operation operation);
gate_way gate_enter_off, gate_enter_wp, gate_enter_window, gate_enter_pks;
extern gate_way *gate_enter;
/* The same of the one operation GATE_SWITCH, whose number need not be told. */
gate_way gate_switch_off, gate_switch_wp, gate_switch_window, gate_switch_pks;
extern gate_way *gate_switch_way;
