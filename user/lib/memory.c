/* Counting what there is. */
#include "memory.h"

#include <unistd.h>

enum { NR_LOOKS = 1000, LOOK_US = 10000 };

struct bw_memory_info memory_now(void)
{
	struct bw_memory_info info = { 0 };

	bw_memory_info(&info);
	return info;
}

uint64_t memory_nr_free(void)
{
	struct bw_memory_info info = memory_now();

	return info.nr_free_revealed + info.nr_free_hidden;
}

struct bw_memory_info memory_settled(uint64_t nr_processes)
{
	struct bw_memory_info info = memory_now();

	for (int i = 0; i < NR_LOOKS && info.nr_processes > nr_processes; i++) {
		usleep(LOOK_US);
		info = memory_now();
	}
	return info;
}
