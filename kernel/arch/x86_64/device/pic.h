/* The 8259 interrupt controllers, for COM1 and the keyboard. Source: Intel 8259A datasheet. */
#pragma once

#include "lib/types.h"

/* Lines 0 to 15 at VECTOR_IRQ_BASE, all masked. False: the machine has no 8259, no line will
 * interrupt. */
bool pic_init(void);
void pic_unmask(unsigned line);
/* Boot CPU: no line interrupts it; what comes is kept until pic_resume. */
void pic_hold(void);
void pic_resume(void);
void pic_end_of_interrupt(unsigned line);
/* Lines 7 and 15 also report noise: no in-service bit then, and no end of interrupt from us (for 15
 * the first chip gets one). */
bool pic_is_spurious(unsigned line);
