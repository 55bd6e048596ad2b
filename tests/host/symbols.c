/* sources: kernel/core/symbols.c kernel/core/backtrace.c kernel/lib/format.c kernel/lib/string.c */

/* Names of addresses, and backtraces over stacks that are not what they should be. */
#include "tap.h"

#include "core/backtrace.h"
#include "core/symbols.h"

/* The image: 0x3000 bytes from image_start on, text in the first 0x2000. */
char image_start[0x3000];
extern char text_end[];
__asm__(".globl text_end\n.set text_end, image_start + 0x2000");

struct test_table {
	uint32_t nr_symbols;
	struct {
		uint32_t offset, name_offset;
	} symbols[3];
	char names[16];
};

struct test_table symbols_table = {
	3,
	{ { 0x100, 0 }, { 0x180, 4 }, { 0x1000, 8 } },
	"one\0two\0three",
};

static const char *name(uint64_t offset)
{
	static char text[SYMBOL_TEXT_BYTES];

	return symbol_format(text, sizeof(text), (uintptr_t)image_start + offset);
}

static bool is_number(const char *text) { return !strncmp(text, "0x", 2); }

static void test_table(void)
{
	const char *found;
	uint64_t address;

	ok(symbol_at(1, &found, &address) && !strcmp(found, "two") &&
		   address == (uintptr_t)image_start + 0x180,
	   "the second symbol has its name and address");
	ok(symbol_at(2, &found, &address) && !strcmp(found, "three"), "and so has the last");
	ok(!symbol_at(3, &found, &address), "behind the last there is none");
	ok(!symbol_at(UINT32_MAX, &found, &address), "nor at the greatest index");
}

static void test_names(void)
{
	char small[8];

	is_text(name(0x100), "one+0", "the first byte of a function");
	is_text(name(0x17f), "one+0x7f", "its last byte");
	is_text(name(0x180), "two+0", "the next function");
	is_text(name(0xfff), "two+0xe7f", "and its last byte");
	is_text(name(0x1fff), "three+0xfff", "the last byte of text");
	ok(is_number(name(0xff)), "what lies before the first symbol has no name");
	ok(is_number(name(0x2000)), "nor what lies behind the text");
	ok(is_number(name(-1ul)), "nor what lies before the image");
	is_text(symbol_format(small, sizeof(small), (uintptr_t)image_start + 0x1abc), "three+0",
		"a long name is cut");
	is_text(symbol_format(small, 1, 5), "", "to nothing at all when need be");
	symbols_table.nr_symbols = 0;
	ok(is_number(name(0x100)), "an empty table has no names");
}

/* A stack of the test: word i lies at address_of(i). Other addresses are not readable. */
static uint64_t stack[64];

static uint64_t address_of(unsigned word) { return (uintptr_t)&stack[word]; }

static bool read_stack(uint64_t address, uint64_t *out)
{
	uint64_t word = (address - address_of(0)) / sizeof(*out);

	if (address < address_of(0) || word >= 64) {
		return false;
	}
	*out = stack[word];
	return true;
}

static void test_backtraces(void)
{
	uint64_t got[8];

	stack[0] = address_of(10);
	stack[1] = 0x1111;
	stack[10] = address_of(20);
	stack[11] = 0x2222;
	is(backtrace_collect(address_of(0), got, 8, read_stack), 2,
	   "ends where the return address is 0");
	ok(got[0] == 0x1111 && got[1] == 0x2222, "innermost first");
	is(backtrace_collect(address_of(0), got, 1, read_stack), 1, "takes no more than asked for");
	is(backtrace_collect(address_of(0), got, 0, read_stack), 0, "or none");
	is(backtrace_collect(address_of(0) + 1, got, 8, read_stack), 0,
	   "a misaligned frame pointer");
	is(backtrace_collect(0, got, 8, read_stack), 0, "a null frame pointer");
	is(backtrace_collect(UINT64_MAX - 7, got, 8, read_stack), 0,
	   "one at the end of the address space");
	is(backtrace_collect(address_of(63), got, 8, read_stack), 0,
	   "a frame half outside of the stack");
	stack[10] = address_of(0);
	is(backtrace_collect(address_of(0), got, 8, read_stack), 2, "a loop ends");
	stack[10] = address_of(10);
	is(backtrace_collect(address_of(0), got, 8, read_stack), 2,
	   "so does a frame that is its own caller");
	stack[10] = 0xdead00000000;
	is(backtrace_collect(address_of(0), got, 8, read_stack), 2,
	   "and a frame pointer off the stack");
}

int main(void)
{
	test_table();
	test_names();
	test_backtraces();
	return done_testing();
}
