/* Faults: what programs do wrong, and what they make the kernel do wrong. */
#pragma once

struct regs;

/* Tells panic how to read stacks and explain addresses. */
void fault_init(void);
/* Boot, with vuln=on: what an NMI has to do, beside stopping for a panic. */
void fault_on_nmi(void (*work)(const struct regs *regs));
