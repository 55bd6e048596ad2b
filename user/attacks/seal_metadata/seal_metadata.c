/* Writes to what says that a pool is sealed: its descriptor. */
#include "attack.h"

enum { WORDS_OF_DESCRIPTOR = 8 };

int main(void)
{
	struct bw_sealed sealed;

	attack_sealed(&sealed);
	for (unsigned int word = 0; word < WORDS_OF_DESCRIPTOR; word++) {
		attack_overwrite(sealed.of_mode[BW_SEALED_RO].pool + word * 8,
				 "the descriptor of a sealed pool");
	}
	return attack_finish();
}
