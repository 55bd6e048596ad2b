/* User code with a purpose (types_extra.inc): each tells what the kernel got wrong, and comes back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* No memory, no process, a limit: what anybody may be told. */
bool means_refused(long error);
/* A helper ran on the next processor, and ended: false where there could be none. */
bool means_thread(void *(*body)(void *), void *argument, void (*meanwhile)(void *));
long means_futex(volatile uint32_t *word, int operation, uint64_t value, uint64_t more,
		 volatile uint32_t *other);
/* Another step is done: whoever looks after us sees that we go on. */
void means_progress(void);
/* Pages for one round, shared with children where asked for; NULL: refused. */
void *means_pages(unsigned nr, bool are_shared);
void means_pages_free(void *pages, unsigned nr);

/* means.c, means_process.c, means_memory.c, means_regions.c; argument: rounds, or which variant. */
void means_pingpong(uint64_t argument);
void means_mutex(uint64_t argument);
void means_requeue(uint64_t argument);
void means_crowd(uint64_t argument);
void means_echo(uint64_t argument);
void means_gifts(uint64_t argument);
void means_children(uint64_t argument);
void means_killed(uint64_t argument);
void means_rings(uint64_t argument);
void means_programs(uint64_t argument);
void means_files(uint64_t argument);
void means_mistakes(uint64_t argument);
void means_copies(uint64_t argument);
void means_zeroes(uint64_t argument);
void means_regions(uint64_t argument);
void means_moves(uint64_t argument);
void means_huges(uint64_t argument);
void means_hog(uint64_t argument);
void means_lines(uint64_t argument);
void means_abandon(uint64_t argument);
