/* Faults: what programs do wrong, and what they make the kernel do wrong. */
#pragma once

/* Tells panic how to read stacks and explain addresses. */
void fault_init(void);
