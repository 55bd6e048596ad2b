/* sources: kernel/lib/string.c kernel/lib/format.c */
#include <signal.h>

#include "tap.h"

#include "lib/format.h"
#include "lib/types.h"

/* That host tests compile, link kernel sources, count and notice deaths. */

static void dies_loudly(void)
{
	fprintf(stderr, "the roof is on fire\n");
	raise(SIGABRT);
}

int main(void)
{
	char text[8];

	ok(PAGE_SIZE == 4096, "a page has 4096 bytes");
	is(format(text, sizeof(text), "%s %d", "frames", 16), 9, "format tells the whole length");
	is_text(text, "frames ", "format truncates and terminates");
	dies(dies_loudly, "roof", "a death is seen");
	return done_testing();
}
