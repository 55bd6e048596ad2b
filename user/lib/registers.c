/* Fills in markers for all registers, and compares. */
#include "registers.h"

#include <string.h>

#include "tap.h"

enum {
	FLAGS_COMPARED = FLAGS_ARITHMETIC | 0x7000, /* IOPL and NT too */
	/* The parts of an FXSAVE image. */
	FXSAVE_BYTES = 512,
	FXSAVE_POINTERS =
		6, /* the last instruction and operand, which some processors do not keep */
	FXSAVE_MXCSR = 24,
	FXSAVE_MXCSR_MASK = 28,
	FXSAVE_X87 = 32,
	FXSAVE_SSE = 160,
	FXSAVE_END = 416, /* behind it lies what FXSAVE leaves alone */
	X87_BYTES = 10,
	X87_STRIDE = 16,
};

uint64_t registers_before[NR_REGISTERS], registers_after[NR_REGISTERS];
uint8_t float_before[FXSAVE_BYTES] __attribute__((aligned(16)));
uint8_t float_after[FXSAVE_BYTES] __attribute__((aligned(16)));
/* What REGISTERS_ACROSS keeps for itself. */
uint8_t float_own[FXSAVE_BYTES] __attribute__((aligned(16)));
uint64_t registers_own_stack;

static uint64_t marker(unsigned int i) { return 0x5a5aa5a500000000 | (0x1111111 * (i + 1)); }

void registers_fill(void)
{
	static const uint16_t control_and_status[] = { 0x0f7f, 0x0123 };
	static const uint32_t mxcsr = 0x7f80;

	for (unsigned int i = 0; i < NR_REGISTERS; i++) {
		registers_before[i] = marker(i);
	}
	registers_before[FLAGS] = FLAGS_SET;
	registers_before[SELECTORS] = 0;
	memset(float_before, 0, sizeof(float_before));
	memcpy(float_before, control_and_status, sizeof(control_and_status));
	float_before[4] = 0xff; /* all eight are in use */
	memcpy(float_before + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
	for (int i = FXSAVE_X87; i < FXSAVE_END; i++) {
		bool is_gap = i < FXSAVE_SSE && i % X87_STRIDE >= X87_BYTES;

		float_before[i] = is_gap ? 0 : (uint8_t)(i * 7 + 1);
	}
}

static bool is_kernels(uint64_t value) { return value >> 47 == 0x1ffff; }

/* An error code is negative, and so looks like the highest addresses. */
static bool is_result(uint64_t value) { return (int64_t)value < 0 && (int64_t)value >= -4095; }

bool registers_are_kept(uint32_t may_change)
{
	bool all = true;

	for (unsigned int i = 0; i < NR_REGISTERS; i++) {
		uint64_t before = registers_before[i], after = registers_after[i];
		uint64_t mask = i == FLAGS ? FLAGS_COMPARED : UINT64_MAX;
		bool is_kept = ((before ^ after) & mask) == 0 || may_change >> i & 1;
		bool is_ours = !is_kernels(after) || (i == RAX && is_result(after));

		if (!is_kept || !is_ours) {
			tap_note("register %u: 0x%lx became 0x%lx", i, before, after);
			all = false;
		}
	}
	return all;
}

static bool is_compared(int offset)
{
	return (offset < FXSAVE_POINTERS || offset >= FXSAVE_MXCSR) &&
	       (offset < FXSAVE_MXCSR_MASK || offset >= FXSAVE_X87);
}

bool float_is_kept(void)
{
	for (int i = 0; i < FXSAVE_END; i++) {
		if (is_compared(i) && float_before[i] != float_after[i]) {
			tap_note("byte %d of the FXSAVE image: 0x%02x became 0x%02x", i,
				 float_before[i], float_after[i]);
			return false;
		}
	}
	return true;
}
