/* claims N: N wrong claims of where the image lies, then the right one; for kaslr=off, where
 * everybody knows. */
#include <stdlib.h>

#include "attack.h"

int main(int argc, char *argv[])
{
	long nr_wrong = argc > 1 ? strtol(argv[1], NULL, 10) : 0;

	for (long i = 0; i < nr_wrong; i++) {
		bw_base_prove(0);
	}
	bw_base_prove(0xffffffff80000000ul);
	return attack_finish();
}
