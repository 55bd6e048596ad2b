/*
 * Random bytes. Sources: Intel SDM vol. 2, "RDRAND", "RDSEED"; RFC 8439, "The ChaCha20 Block
 * Function".
 */
#include "arch/x86_64/cpu/random.h"

#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/registers.h"
#include "lib/string.h"

enum {
	STATE_WORDS = 16,
	KEY_WORDS = 8,
	BLOCK_BYTES = STATE_WORDS * 4,
	DOUBLE_ROUNDS = 10,
	TRIES = 10
};

/* Carried from request to request. Words are atomic: CPUs may write at the same time, and any
 * mixture serves. */
static uint32_t pool[KEY_WORDS];
static uint64_t nr_requests; /* atomic: no two requests have the same nonce */

static bool read_rdrand(uint64_t *out)
{
	bool ok;

	asm volatile("rdrand %0" : "=r"(*out), "=@ccc"(ok));
	return ok;
}

static bool read_rdseed(uint64_t *out)
{
	bool ok;

	asm volatile("rdseed %0" : "=r"(*out), "=@ccc"(ok));
	return ok;
}

/*
 * Of both generators: one that is broken spoils nothing. 0 where the processor has nothing to offer
 * just now.
 */
static uint64_t hardware_word(void)
{
	uint64_t seed = 0, word = 0;

	for (unsigned i = 0; cpu_features.rdseed && i < TRIES && !read_rdseed(&seed); i++) {
		cpu_relax();
	}
	for (unsigned i = 0; cpu_features.rdrand && i < TRIES && !read_rdrand(&word); i++) {
		cpu_relax();
	}
	return seed ^ word;
}

static uint32_t rotate(uint32_t value, unsigned by) { return value << by | value >> (32 - by); }

static void quarter_round(uint32_t *s, unsigned a, unsigned b, unsigned c, unsigned d)
{
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 7);
}

static void chacha_block(const uint32_t *in, uint32_t *out)
{
	memcpy(out, in, BLOCK_BYTES);
	for (unsigned i = 0; i < DOUBLE_ROUNDS; i++) {
		quarter_round(out, 0, 4, 8, 12);
		quarter_round(out, 1, 5, 9, 13);
		quarter_round(out, 2, 6, 10, 14);
		quarter_round(out, 3, 7, 11, 15);
		quarter_round(out, 0, 5, 10, 15);
		quarter_round(out, 1, 6, 11, 12);
		quarter_round(out, 2, 7, 8, 13);
		quarter_round(out, 3, 4, 9, 14);
	}
	for (unsigned i = 0; i < STATE_WORDS; i++) {
		out[i] += in[i];
	}
}

/* Constant words, key, block counter, nonce. */
static void state_init(uint32_t *state)
{
	uint64_t nonce = __atomic_fetch_add(&nr_requests, 1, __ATOMIC_RELAXED);
	uint64_t words[KEY_WORDS / 2];

	memcpy(state, "expand 32-byte k", 16);
	for (unsigned i = 0; i < KEY_WORDS / 2; i++) {
		words[i] = hardware_word();
	}
	memcpy(state + 4, words, sizeof(words));
	for (unsigned i = 0; i < KEY_WORDS; i++) {
		state[4 + i] ^= __atomic_load_n(&pool[i], __ATOMIC_RELAXED);
	}
	words[0] = tsc_read();
	words[1] = nonce;
	memcpy(state + 12, words, 16);
}

void random_fill_below(uint8_t *to, size_t nr, uint8_t limit)
{
	size_t done = 0;

	while (done < nr) {
		random_fill(to + done, nr - done);
		for (size_t i = done; i < nr; i++) {
			if (to[i] < limit) {
				to[done++] = to[i];
			}
		}
	}
}

void random_fill(void *to, size_t len_bytes)
{
	uint32_t state[STATE_WORDS], block[STATE_WORDS];
	uint8_t *at = to;

	state_init(state);
	/* the first block is the next pool: what was handed out does not tell it */
	chacha_block(state, block);
	for (unsigned i = 0; i < KEY_WORDS; i++) {
		__atomic_store_n(&pool[i], block[i], __ATOMIC_RELAXED);
	}
	memcpy(state + 4, block + KEY_WORDS, KEY_WORDS * sizeof(uint32_t));
	while (len_bytes) {
		size_t piece = len_bytes < BLOCK_BYTES ? len_bytes : BLOCK_BYTES;

		state[12]++;
		chacha_block(state, block);
		memcpy(at, block, piece);
		at += piece;
		len_bytes -= piece;
	}
}
