/* Scheduler calls. */
#define _GNU_SOURCE
#include "say.h"

#include <unistd.h>

enum { NOBODY = 30000 };

static unsigned long sets[128];

void say_sched(void)
{
	unsigned long all = -1ul, none = 0;

	SAY(getcpu, "nowhere", NULL, NULL);
	SAY(getcpu, "to null but 8", 8, NULL);
	SAY(getcpu, "the node to null but 8", NULL, 8);
	SAY(sched_getaffinity, "no room", 0, 0, sets);
	SAY(sched_getaffinity, "room for 7 bytes", 0, 7, sets);
	SAY(sched_getaffinity, "room for 12 bytes", 0, 12, sets);
	SAY(sched_getaffinity, "room for 7 bytes, nobody", NOBODY, 7, sets);
	SAY(sched_getaffinity, "to null but 8", 0, 128, 8);
	SAY(sched_getaffinity, "nobody", NOBODY, 128, sets);
	SAY(sched_getaffinity, "nobody, to null but 8", NOBODY, 128, 8);
	SAY(sched_getaffinity, "-1", -1, 128, sets);
	say("sched_getaffinity", "its parent",
	    CALL(SYS_sched_getaffinity, getppid(), 128, sets) > 0);
	say("sched_getaffinity", "itself with a high half",
	    CALL(SYS_sched_getaffinity, HIGH(getpid()), 128, sets) > 0);
	SAY(sched_getaffinity, "room of 2^32 bytes", 0, HIGH(0), sets);
	SAY(sched_setaffinity, "none", 0, 8, &none);
	SAY(sched_setaffinity, "no set", 0, 0, NULL);
	SAY(sched_setaffinity, "nobody", NOBODY, 8, &all);
	SAY(sched_setaffinity, "nobody, none", NOBODY, 8, &none);
	SAY(sched_setaffinity, "from null but 8", 0, 8, 8);
	SAY(sched_setaffinity, "nobody, from null but 8", NOBODY, 8, 8);
	SAY(sched_setaffinity, "the first process", 1, 8, &all);
	SAY(sched_setaffinity, "all", 0, 8, &all);
	SAY(sched_setaffinity, "a size with a high half", 0, HIGH(8), &all);
	SAY(sched_yield, "always", 0);
}
