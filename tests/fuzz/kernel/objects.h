/* BUILD=fuzz: red zones and late frees of kernel objects. A fault found ends in a panic. */
#pragma once

struct fuzz_books;

/* Blocks. Frees what is kept back, and looks whether it was written to. No lock may be held. */
void objects_settle(void);
/* Fills in the caches of objects. */
void objects_count(struct fuzz_books *books);
