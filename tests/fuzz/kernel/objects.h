/* BUILD=fuzz: how many kernel objects there are. */
#pragma once

struct fuzz_books;

/* Fills in the caches of objects. Those that rest in their cache do not count. */
void objects_count(struct fuzz_books *books);
