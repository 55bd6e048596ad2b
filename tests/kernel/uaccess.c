/*
 * The routines that reach user memory: what they copy, what they say is left where memory ends
 * early, and that RFLAGS is afterwards what it was, with AC clear: with it set any of the kernel's
 * later accesses may reach user memory.
 */
#include "arch/x86_64/entry/uaccess.h"
#include "arch/x86_64/cpu/rflags.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "task/process/process.h"

enum { LEN_MAX = 40 };

/* The page behind it is not mapped; the next one may only be read. */
static uva_t page;
static uint64_t page_end, read_only;

/* Where the routine that ran last left RFLAGS as they were, and clean. */
static bool were_clean;

static uint64_t flags_before;

static void begin(void) { flags_before = rflags_read() & ~0x8d5ul; }

/* All but the bits that arithmetic sets. */
static uint64_t end(uint64_t nr_left)
{
	were_clean = (rflags_read() & ~0x8d5ul) == flags_before && rflags_are_clean();
	return nr_left;
}

static char buffer[LEN_MAX];

static uint64_t copy_out(uint64_t to, unsigned len)
{
	begin();
	return end(uaccess.copy((void *)to, buffer, len));
}

static uint64_t copy_in(uint64_t from, unsigned len)
{
	begin();
	return end(uaccess.copy(buffer, (const void *)from, len));
}

static uint64_t zero(uint64_t to, unsigned len)
{
	begin();
	return end(uaccess.zero((void *)to, len));
}

static uint64_t load(uint64_t from, unsigned len)
{
	begin();
	return end(len == 4 ? uaccess.load_u32((uint32_t *)buffer, (const void *)from)
			    : uaccess.load_u64((uint64_t *)buffer, (const void *)from));
}

static uint64_t store(uint64_t to, unsigned len)
{
	uint64_t value;

	memcpy(&value, buffer, sizeof(value));
	begin();
	return end(len == 4 ? uaccess.store_u32((void *)to, (uint32_t)value)
			    : uaccess.store_u64((void *)to, value));
}

static const struct routine {
	const char *name;
	uint64_t (*run)(uint64_t at, unsigned len);
	bool writes;    /* to user memory */
	bool is_scalar; /* 4 or 8 bytes, all or nothing */
} routines[] = {
	{ "copy to user space", copy_out, true, false },
	{ "copy from user space", copy_in, false, false },
	{ "zero", zero, true, false },
	{ "load", load, false, true },
	{ "store", store, true, true },
};

/* How many bytes may be left where so many of the length are there: whole words, or all of them. */
static bool is_left_right(const struct routine *routine, uint64_t left, unsigned len,
			  unsigned nr_there)
{
	if (nr_there >= len) {
		return left == 0;
	}
	return routine->is_scalar ? left == len : left >= len - nr_there && left <= len;
}

/* Every length, and every number of bytes before the end of memory. */
static void check_ends(const struct routine *routine)
{
	bool left_right = true, clean = true;

	for (unsigned len = 1; len <= LEN_MAX; len++) {
		if (routine->is_scalar && len != 4 && len != 8) {
			continue;
		}
		for (unsigned nr_there = 0; nr_there <= len; nr_there++) {
			uint64_t left = routine->run(page_end - nr_there, len);

			left_right = is_left_right(routine, left, len, nr_there) && left_right;
			clean = were_clean && clean;
		}
	}
	ktest_ok(left_right, "%s: up to the end of memory it tells what is left", routine->name);
	ktest_ok(clean, "%s: RFLAGS is as before, AC clear, on success and on a fault",
		 routine->name);
}

static void check_read_only(const struct routine *routine)
{
	uint64_t left = routine->run(read_only, 8);

	ktest_ok(routine->writes ? left == 8 : left == 0, "%s: memory that may only be read",
		 routine->name);
	ktest_ok(were_clean, "%s: RFLAGS is as before", routine->name);
}

static bool holds(uint64_t at, const char *wanted, unsigned len)
{
	memset(buffer, 0xee, sizeof(buffer));
	return copy_in(at, len) == 0 && memcmp(buffer, wanted, len) == 0;
}

/* Every length leaves its bytes, and the one behind them as it was. */
static void check_bytes(void)
{
	static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCD";
	bool copied = true, zeroed = true, behind = true;
	char wanted[LEN_MAX];

	for (unsigned len = 1; len < LEN_MAX; len++) {
		uint64_t at = page.uva + len % 8;

		memset(buffer, '.', sizeof(buffer));
		(void)copy_out(at, LEN_MAX);
		memcpy(buffer, text, len);
		(void)copy_out(at, len);
		memset(wanted, '.', sizeof(wanted));
		memcpy(wanted, text, len);
		copied = holds(at, wanted, len) && copied;
		behind = holds(at + len, ".", 1) && behind;
		(void)zero(at, len);
		memset(wanted, 0, len);
		zeroed = holds(at, wanted, len) && zeroed;
		behind = holds(at + len, ".", 1) && behind;
	}
	ktest_ok(copied, "copies of every length arrive, and come back");
	ktest_ok(zeroed, "every length is zeroed");
	ktest_ok(behind, "the byte behind stays");
	memcpy(buffer, text, 8);
	(void)store(page.uva, 8);
	ktest_ok(holds(page.uva, text, 8), "a store of eight bytes arrives");
	memcpy(buffer, text + 8, 8);
	(void)store(page.uva, 4);
	ktest_ok(holds(page.uva, "89ab4567", 8), "a store of four bytes changes four");
	memset(buffer, 'x', sizeof(buffer));
	(void)load(page.uva, 4);
	ktest_ok(!memcmp(buffer, "89abxxxx", 8), "a load of four bytes changes four");
	(void)load(page.uva, 8);
	ktest_ok(!memcmp(buffer, "89ab4567x", 9), "a load of eight bytes changes eight");
}

KTEST_SUITE(uaccess)
{
	struct as *as = process_current()->as;

	if (as_map(as, 0, 0, 3 * PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0, &page)) {
		ktest_skip("no memory for user pages");
		return;
	}
	page_end = page.uva + PAGE_SIZE;
	read_only = page_end + PAGE_SIZE;
	if (zero(page.uva, 1) || zero(read_only, 1) ||
	    as_unmap(as, (uva_t){ page_end }, PAGE_SIZE) ||
	    as_protect(as, (uva_t){ read_only }, PAGE_SIZE, RIGHT_READ)) {
		ktest_skip("no memory for user pages");
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(routines); i++) {
		check_ends(&routines[i]);
		check_read_only(&routines[i]);
	}
	check_bytes();
	ktest_ok(as_unmap(as, page, 3 * PAGE_SIZE) == STATUS_OK, "the user pages go");
}
