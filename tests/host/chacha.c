/* sources: kernel/lib/string.c */

/* The block function against the example of RFC 8439, 2.3.2. */
#include "tap.h"

/* it is static */
#include "arch/x86_64/cpu/random.c"

struct cpu_features cpu_features;

int main(void)
{
	static const uint32_t in[STATE_WORDS] = {
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 0x03020100, 0x07060504,
		0x0b0a0908, 0x0f0e0d0c, 0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c,
		0x00000001, 0x09000000, 0x4a000000, 0x00000000,
	};
	static const uint32_t expected[STATE_WORDS] = {
		0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033,
		0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
		0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2,
	};
	uint32_t out[STATE_WORDS], state[STATE_WORDS], next[STATE_WORDS];

	chacha_block(in, out);
	ok(memcmp(out, expected, sizeof(out)) == 0, "the block is that of the example");
	state_init(state);
	ok(memcmp(state, in, 4 * sizeof(*in)) == 0, "a request's state begins with the constants");
	state_init(next);
	ok(memcmp(state + 12, next + 12, 4 * sizeof(*next)) != 0, "no two have the same nonce");
	return done_testing();
}
