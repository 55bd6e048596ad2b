/* The memory that sequences run in. */
#define _GNU_SOURCE
#include "world.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#include "../../kernel/fuzz_abi.h"
#include "bulwark.h"

#define SLOT(type, nth) ((void *)world_slot(TYPE_##type, nth))
enum { SOON_NS = 1000000, SOON_US = 1000 };

static const char *const paths[WORLD_SLOTS] = {
	"bin/no_such",         "etc/policy",       "bin/nothing",  "etc/policy-broken",
	"/bin/../bin/nothing", "./bin//./nothing", "bin/nothing/", "etc/policy-door",
};
static const char *const texts[WORLD_SLOTS] = {
	"xpfo=sync",
	"a text \n\t\033[1mof bytes",
	"",
	"=",
	"\b\r\a\033[2J",
	"\x7f\xff\x80",
	"xpfo=sync xpfo=off",
	"ktest=on vuln",
};

/* Of keys that interrupt there is none: who is interrupted is the fuzzer. */
static const char *const keys[WORLD_SLOTS] = {
	"abc\n",
	"ab\x7f c\tde\x17x\x15\n",
	"\r\n\r",
	"\x04",
	"\xc3\xa4\xe2\x82\xac\x7f\x7f\x01\x02\n",
	"word word  \x17\x17\x17\n",
	"x\x04",
	"0123456789012345678901234567890123456789012345678901234567890",
};

static void strings_fill(void)
{
	char **arguments;

	for (unsigned i = 0; i < WORLD_SLOTS; i++) {
		strcpy(SLOT(PATH, i), paths[i]);
		strcpy(SLOT(TEXT, i), texts[i]);
		strcpy(SLOT(KEYS, i), keys[i]);
	}
	for (unsigned i = 0; i < WORLD_SLOTS; i++) {
		*(uint64_t *)SLOT(ARGV, i) = 0;
	}
	arguments = SLOT(ARGV, 0);
	arguments[0] = SLOT(PATH, 2);
	arguments = SLOT(ARGV, 1);
	for (unsigned i = 0; i < 6; i++) {
		arguments[i] = SLOT(TEXT, i % WORLD_SLOTS);
	}
	*(uint64_t *)SLOT(ARGV, 2) = WORLD_PRIVATE + WORLD_PAGES * WORLD_PAGE;
	*(uint64_t *)SLOT(ARGV, 3) = UINT64_MAX << 47;
}

static void times_fill(void)
{
	struct timespec *time = SLOT(TIME, 0);
	struct itimerval *interval = SLOT(INTERVAL, 0);

	*time = (struct timespec){ 0, 0 };
	time = SLOT(TIME, 1);
	*time = (struct timespec){ 0, SOON_NS };
	time = SLOT(TIME, 2);
	*time = (struct timespec){ 0, 1000000000 };
	time = SLOT(TIME, 3);
	*time = (struct timespec){ -1, 1 };
	*interval = (struct itimerval){ { 0, 0 }, { 0, SOON_US } };
	interval = SLOT(INTERVAL, 1);
	*interval = (struct itimerval){ { 0, SOON_US }, { 0, SOON_US } };
	interval = SLOT(INTERVAL, 2);
	*interval = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	interval = SLOT(INTERVAL, 3);
	*interval = (struct itimerval){ { 1000, 0 }, { 1000000, 1000001 } };
	for (unsigned i = 4; i < WORLD_SLOTS; i++) {
		*(struct timespec *)SLOT(TIME, i) = (struct timespec){ 0, (long)i * SOON_NS / 4 };
		*(struct itimerval *)SLOT(INTERVAL, i) =
			(struct itimerval){ { 0, i % 2 }, { 0, (long)i * SOON_US / 4 } };
	}
}

static void limits_fill(void)
{
	static const rlim_t limits[WORLD_SLOTS] = {
		1, 1 << 16, 1 << 24, RLIM_INFINITY, 0, 40, 1 << 20, 12345,
	};

	for (unsigned i = 0; i < WORLD_SLOTS; i++) {
		*(struct rlimit *)SLOT(LIMIT, i) = (struct rlimit){ limits[i], limits[i] };
	}
}

static void vectors_fill(void)
{
	struct iovec *vector = SLOT(VECTOR, 0);

	vector[0] = (struct iovec){ (void *)WORLD_DATA, 4 };
	vector[1] = (struct iovec){ (void *)WORLD_OUT, 0 };
	vector = SLOT(VECTOR, 1);
	for (unsigned i = 0; i < 4; i++) {
		vector[i] = (struct iovec){ (void *)(WORLD_SHARED + i), 1 };
	}
	vector = SLOT(VECTOR, 2);
	vector[0] = (struct iovec){ (void *)WORLD_PRIVATE, SIZE_MAX };
	vector = SLOT(VECTOR, 3);
	vector[0] = (struct iovec){ (void *)(WORLD_PRIVATE - 1), 2 };
}

static void signals_fill(void)
{
	static const uint64_t sets[WORLD_SLOTS] = {
		0,
		UINT64_MAX,
		1ul << (SIGALRM - 1),
		1ul << (SIGKILL - 1),
		1ul << (SIGTERM - 1),
		1ul << 63,
		1ul << (SIGCHLD - 1),
		1,
	};
	static const uint64_t handlers[WORLD_SLOTS] = { 0, 1, 0x1000, 0, 1, 1, 2, 0 };

	for (unsigned i = 0; i < WORLD_SLOTS; i++) {
		*(uint64_t *)SLOT(SET, i) = sets[i];
		((uint64_t *)SLOT(ACTION, i))[0] = handlers[i];
		((uint64_t *)SLOT(ACTION, i))[1] = i == 3 ? UINT64_MAX : 0;
	}
}

static void others_fill(void)
{
	for (unsigned i = 0; i < WORLD_SLOTS; i++) {
		*(uint64_t *)SLOT(CPUSET, i) = i < 6 ? i + 1 : i == 6 ? UINT64_MAX : 0;
		memset(SLOT(TERMIOS, i), i ? 0 : 0xff, WORLD_SLOT_BYTES);
		*(uint32_t *)SLOT(WORD, i) = i % 2;
	}
	for (unsigned i = 2; i < WORLD_SLOTS; i++) {
		((uint32_t *)SLOT(TERMIOS, i))[1] = i == 7 ? BW_OUTPUT_QUOTED : i % 2 ? 1 : 5;
		((uint32_t *)SLOT(TERMIOS, i))[3] = i % 3 ? 0x8a3b : 0x0a;
	}
}

static bool map(uint64_t at, size_t nr_pages, int flags)
{
	return mmap((void *)at, nr_pages * WORLD_PAGE, PROT_READ | PROT_WRITE,
		    MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0) == (void *)at;
}

bool world_make(void)
{
	if (!map(WORLD_PRIVATE, WORLD_PAGES, MAP_PRIVATE) ||
	    !map(WORLD_SHARED, WORLD_PAGES, MAP_SHARED) ||
	    !map(WORLD_DATA, WORLD_DATA_PAGES + WORLD_OUT_PAGES, MAP_PRIVATE)) {
		return false;
	}
	strings_fill();
	times_fill();
	limits_fill();
	vectors_fill();
	signals_fill();
	others_fill();
	return true;
}

bool world_witness_make(void)
{
	if (!map(WORLD_WITNESS, WORLD_WITNESS_PAGES, MAP_PRIVATE)) {
		return false;
	}
	for (uint64_t i = 0; i < WORLD_WITNESS_PAGES * WORLD_PAGE; i += sizeof(i)) {
		*(uint64_t *)(WORLD_WITNESS + i) = ~i;
	}
	return true;
}

bool world_witness_holds(void)
{
	for (uint64_t i = 0; i < WORLD_WITNESS_PAGES * WORLD_PAGE; i += sizeof(i)) {
		if (*(volatile uint64_t *)(WORLD_WITNESS + i) != ~i) {
			return false;
		}
	}
	return true;
}

bool world_has_canary(void)
{
	uint64_t word = FUZZ_CANARY_WORD;

	return memmem((void *)WORLD_OUT, WORLD_PAGE, &word, sizeof(word)) != NULL;
}
