/* The vulnerable store writes as many bytes as it is told, and no more. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "bulwark_vuln.h"
#include "tap.h"

enum { SIZE_MAX_BYTES = 8 };
#define VALUE 0x8877665544332211ul

/* An object of an open pool: kernel memory that is this program's to write to. */
static uint64_t object;

static uint64_t expected(uint64_t before, unsigned size_bytes)
{
	memcpy(&before, &(uint64_t){ VALUE }, size_bytes);
	return before;
}

static void test_size(unsigned size_bytes)
{
	uint64_t before = (uint64_t)bw_vuln_read(object);
	uint64_t behind = (uint64_t)bw_vuln_read(object + 8);
	long status = bw_vuln_store(object, VALUE, size_bytes);

	tap_ok(status == 0 && (uint64_t)bw_vuln_read(object) == expected(before, size_bytes) &&
		       (uint64_t)bw_vuln_read(object + 8) == behind,
	       "a store of %u bytes changes these alone", size_bytes);
	bw_vuln_write(object, before);
}

int main(void)
{
	static const uint64_t bad[] = { 0, SIZE_MAX_BYTES + 1, UINT64_MAX };

	if (bw_vuln_pool_open(&object) != 0) {
		tap_skip("stores", "vuln=off: nothing can be overwritten");
		return tap_done();
	}
	for (unsigned size_bytes = 1; size_bytes <= SIZE_MAX_BYTES; size_bytes++) {
		test_size(size_bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tap_ok(bw_vuln_store(object, VALUE, bad[i]) == -EINVAL,
		       "a store of %lu bytes is refused", (unsigned long)bad[i]);
	}
	bw_vuln_pool_destroy(object);
	return tap_done();
}
