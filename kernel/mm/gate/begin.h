/* The steps by which protection begins, in this order: guard.c. Called by gate_begin alone. */
#pragma once

/* The guarded area's frames lose their alias in the direct map. */
void guarded_hide(void);
/* Nobody but the gate writes to the area from now on. */
void guarded_close(void);
/* The gate is in force: nor to a page table. */
void guard_tables(void);
