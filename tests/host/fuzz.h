/*
 * A fuzz target that also runs without a fuzzer. The program defines LLVMFuzzerTestOneInput and
 * fuzz_seed; the main below feeds it damaged seeds, the same in every run. For a real fuzzer: clang
 * -fsanitize=fuzzer,address,undefined and the include paths of tools/make/test.mk whose main
 * replaces this one.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "tap.h"

enum { FUZZ_ROUNDS = 200000, FUZZ_SOAK_ROUNDS = 10000000, FUZZ_DAMAGE_MAX = 6 };

/*
 * Returns 0. Reads past the end of data are found by the address sanitizer: data ends where its
 * allocation ends.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes well-formed input number `index`, and returns its size; 0 when there are no more. */
size_t fuzz_seed(unsigned index, uint8_t *data, size_t size_max);

/* Values that break range checks. */
static inline uint64_t fuzz_odd_value(void)
{
	static const uint64_t values[] = {
		0,
		1,
		7,
		8,
		0xfff,
		0x1000,
		0x7fff,
		0xffff,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xfffffffffffff000,
		0xffffffffffffffff,
		0x00007ffffffff000,
	};
	uint64_t value = values[random_below(sizeof(values) / sizeof(values[0]))];

	return random_below(2) ? value : value + random_below(17) - 8;
}

static inline void fuzz_damage(uint8_t *data, size_t *size)
{
	size_t at = random_below(*size);
	uint64_t value = fuzz_odd_value();
	size_t len = (size_t)1 << random_below(4);

	switch (random_below(8)) {
	case 0: *size = at + 1; break;
	case 1: data[at] ^= (uint8_t)(1u << random_below(8)); break;
	case 2: data[at] = (uint8_t)random_next(); break;
	default:
		at -= at % len;
		if (at + len <= *size) {
			memcpy(data + at, &value, len);
		}
		break;
	}
}

__attribute__((weak)) int main(void)
{
	enum { SEED_BYTES = 1 << 16 };
	uint8_t *seed = malloc(SEED_BYTES);
	unsigned long nr_rounds = soak(FUZZ_SOAK_ROUNDS, FUZZ_ROUNDS);
	unsigned nr_seeds = 0;

	while (fuzz_seed(nr_seeds, seed, SEED_BYTES) > 0) {
		nr_seeds++;
	}
	for (unsigned long round = 0; round < nr_rounds; round++) {
		size_t size = fuzz_seed((unsigned)random_below(nr_seeds), seed, SEED_BYTES);
		uint8_t *exact;

		for (uint64_t i = random_below(FUZZ_DAMAGE_MAX + 1); i > 0; i--) {
			fuzz_damage(seed, &size);
		}
		exact = malloc(size);
		memcpy(exact, seed, size);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
	}
	free(seed);
	ok(true, "%lu damaged inputs harm nothing", nr_rounds);
	return done_testing();
}
