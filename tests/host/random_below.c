/* sources: kernel/arch/x86_64/cpu/random.c */

/* Every place on the kernel stack is equally likely: a byte that is drawn until it is below the
 * limit. */
#include "tap.h"

#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/random.h"

struct cpu_features cpu_features;

enum { LIMIT = 255, NR_EACH = 4000, NR_AT_ONCE = 128 };

int main(void)
{
	static unsigned nr[256];
	unsigned least = UINT32_MAX, most = 0;
	double chi_square = 0;

	for (unsigned i = 0; i < LIMIT * NR_EACH; i += NR_AT_ONCE) {
		uint8_t bytes[NR_AT_ONCE];

		random_fill_below(bytes, sizeof(bytes), LIMIT);
		for (unsigned j = 0; j < NR_AT_ONCE; j++) {
			nr[bytes[j]]++;
		}
	}
	for (unsigned i = 0; i < LIMIT; i++) {
		double difference = (double)nr[i] - NR_EACH;

		chi_square += difference * difference / NR_EACH;
		least = nr[i] < least ? nr[i] : least;
		most = nr[i] > most ? nr[i] : most;
	}
	is(nr[LIMIT], 0, "no byte is the limit or above");
	/* 254 degrees of freedom: above 400 once in 10^8 runs */
	ok(chi_square < 400, "all are equally likely: %u to %u of %u each, chi-square %.0f", least,
	   most, NR_EACH, chi_square);
	return done_testing();
}
