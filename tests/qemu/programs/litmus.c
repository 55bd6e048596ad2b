/*
 * litmus: the tests of docs/litmus.md that say "runs guest", as threads. Argument: rounds, of
 * INSTANCES each, through which each thread goes without waiting for the others. The files
 * are in the program, as Bulwark has none to open. Each outcome is counted; ends with 1 when one
 * was forbidden, or is in no line of the table. What a test allows need not show: the emulator
 * decides what is seen.
 */
#define _GNU_SOURCE
#include "../../host/litmus/program.c"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096, INSTANCES = 64, OUTCOMES_SEEN = 64 };

/* The text of tests/litmus/NAME.litmus, in the current folder's tree when this is compiled. */
#define FILE_TEXT(symbol, name)                                                                    \
	asm(".section .rodata\n" #symbol ": .incbin \"tests/litmus/" name ".litmus\"\n.byte 0\n"   \
	    ".text\n");                                                                            \
	extern const char symbol[];
FILE_TEXT(text_sb, "sb")
FILE_TEXT(text_sb_fence, "sb-fence")
FILE_TEXT(text_mp, "mp")
FILE_TEXT(text_discard, "discard")
FILE_TEXT(text_discard_own, "discard-own")
FILE_TEXT(text_discard_both, "discard-both")

static const char *const texts[] = { text_sb,      text_sb_fence,    text_mp,
				     text_discard, text_discard_own, text_discard_both };

typedef unsigned char registers[LITMUS_THREADS][LITMUS_REGS];

static struct litmus test;
static volatile unsigned words[LITMUS_WORDS][INSTANCES];
static volatile unsigned char *pages[LITMUS_PAGES];
static registers regs[INSTANCES];
static volatile unsigned round_now, nr_done;
static unsigned nr_rounds;

static volatile unsigned char *page_of(unsigned page, unsigned instance)
{
	return pages[page] + (size_t)instance * PAGE_BYTES;
}

static unsigned char page_read(unsigned page, unsigned instance)
{
	unsigned char value = *page_of(page, instance);

	return value ? value : LITMUS_NONE; /* a new page */
}

static void op_run(const struct litmus_op *op, unsigned instance, unsigned char *reg)
{
	volatile unsigned *word = &words[op->target % LITMUS_WORDS][instance];

	switch (op->kind) {
	case OP_LOAD: *reg = (unsigned char)*word; break;
	case OP_STORE: *word = op->value; break;
	case OP_EXCHANGE:
		*reg = (unsigned char)__atomic_exchange_n(word, op->value, __ATOMIC_SEQ_CST);
		break;
	case OP_ADD:
		*reg = (unsigned char)__atomic_add_fetch(word, op->value, __ATOMIC_SEQ_CST);
		break;
	case OP_WAIT:
		while (*word != op->value) {}
		break;
	case OP_FENCE: __atomic_thread_fence(__ATOMIC_SEQ_CST); break;
	case OP_READ: *reg = page_read(op->target, instance); break;
	case OP_WRITE: *page_of(op->target, instance) = (unsigned char)op->value; break;
	case OP_DISCARD:
		(void)madvise((void *)page_of(op->target, instance), PAGE_BYTES, MADV_DONTNEED);
		break;
	default: break; /* privileged: such a test does not say "runs guest" */
	}
}

static void instance_run(unsigned thread, unsigned instance)
{
	for (unsigned i = 0; i < test.nr_ops[thread]; i++) {
		const struct litmus_op *op = &test.ops[thread][i];

		op_run(op, instance, &regs[instance][thread][op->reg]);
	}
}

static void *thread_main(void *argument)
{
	unsigned thread = (unsigned)(uintptr_t)argument;

	for (unsigned i = 1; i <= nr_rounds; i++) {
		while (round_now != i) {
			sched_yield();
		}
		for (unsigned j = 0; j < INSTANCES; j++) {
			instance_run(thread, j);
		}
		__atomic_add_fetch(&nr_done, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void prepare(void)
{
	memset(regs, LITMUS_UNSET, sizeof(regs));
	for (unsigned i = 0; i < INSTANCES; i++) {
		for (unsigned word = 0; word < test.nr_words; word++) {
			words[word][i] = test.word_start[word];
		}
		for (unsigned page = 0; page < test.nr_pages; page++) {
			*page_of(page, i) = (unsigned char)test.frame[0][page];
		}
	}
}

/* --- what was seen --- */

static struct {
	registers regs;
	unsigned nr;
} seen[OUTCOMES_SEEN];
static unsigned nr_seen;

static void note(registers what)
{
	unsigned i = 0;

	while (i < nr_seen && memcmp(seen[i].regs, what, sizeof(registers)) != 0) {
		i++;
	}
	if (i == nr_seen && i < OUTCOMES_SEEN) {
		memcpy(seen[nr_seen++].regs, what, sizeof(registers));
	}
	if (i < OUTCOMES_SEEN) {
		seen[i].nr++;
	}
}

static bool is_allowed(const registers what)
{
	bool is_listed = false;

	for (unsigned i = 0; i < test.nr_outcomes; i++) {
		if (litmus_meets(&test.outcomes[i], what)) {
			if (test.outcomes[i].is_forbidden) {
				return false;
			}
			is_listed = true;
		}
	}
	return is_listed;
}

static bool report(void)
{
	bool is_good = true;

	printf("%s:\n", test.name);
	for (unsigned i = 0; i < nr_seen; i++) {
		bool allowed = is_allowed(seen[i].regs);
		char text[LITMUS_TEXT];

		litmus_text(seen[i].regs, text, sizeof(text));
		printf("%8u  %s%s\n", seen[i].nr, text, allowed ? "" : "  FORBIDDEN");
		is_good = is_good && allowed;
	}
	return is_good;
}

static bool run(void)
{
	pthread_t threads[LITMUS_THREADS];

	round_now = nr_seen = 0;
	memset(seen, 0, sizeof(seen));
	for (uintptr_t i = 0; i < test.nr_threads; i++) {
		pthread_create(&threads[i], NULL, thread_main, (void *)i);
	}
	for (unsigned i = 1; i <= nr_rounds; i++) {
		prepare();
		nr_done = 0;
		round_now = i;
		while (nr_done != test.nr_threads) {
			sched_yield();
		}
		for (unsigned j = 0; j < INSTANCES; j++) {
			note(regs[j]);
		}
	}
	for (unsigned i = 0; i < test.nr_threads; i++) {
		pthread_join(threads[i], NULL);
	}
	return report();
}

int main(int argc, char **argv)
{
	unsigned nr_bad = 0;

	nr_rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	for (unsigned i = 0; i < LITMUS_PAGES; i++) {
		pages[i] = mmap(NULL, (size_t)INSTANCES * PAGE_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		FILE *file = fmemopen((void *)texts[i], strlen(texts[i]), "r");
		char error[200];

		if (!litmus_parse(file, "test", &test, error, sizeof(error))) {
			printf("%s\n", error);
			nr_bad++;
		} else {
			nr_bad += !test.on_guest || !run();
		}
		fclose(file);
	}
	return nr_bad ? 1 : 0;
}
