/* Builds the first stack of a program. */
#include "task/process/exec_stack.h"

#include "arch/x86_64/cpu/random.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/gate/half/program.h"

enum { STACK_ALIGN = 16 };
static_assert(EXEC_STRINGS_MAX + 3 + AUXILIARY_WORDS <= EXEC_TABLE_WORDS,
	      "the table has room for the largest stack");

struct table {
	uint64_t *words;
	unsigned nr;
};

static void push(struct table *table, uint64_t word)
{
	assert(table->nr < EXEC_TABLE_WORDS);
	table->words[table->nr++] = word;
}

/* Pointers to nr strings that follow each other; returns where the next one starts. */
static uint64_t push_pointers(struct table *table, const struct exec_args *args, uint64_t offset,
			      unsigned nr, uint64_t strings_at)
{
	for (unsigned i = 0; i < nr; i++) {
		push(table, strings_at + offset);
		offset += strlen(args->bounce->strings + offset) + 1;
	}
	push(table, 0);
	return offset;
}

status_t exec_stack_build(struct as *as, struct exec_args *args, uint64_t *rsp)
{
	uint64_t random_at = PROGRAM_STACK_TOP - PROGRAM_RANDOM_BYTES;
	uint64_t strings_at = random_at - args->len_bytes;
	struct table table = { .words = args->bounce->table };
	uint8_t random[PROGRAM_RANDOM_BYTES];
	uint64_t table_at, offset;
	uva_t stack;
	status_t status =
		as_map(as, AS_MAP_FIXED_NOREPLACE, PROGRAM_STACK_TOP - PROGRAM_STACK_BYTES,
		       PROGRAM_STACK_BYTES, RIGHT_READ | RIGHT_WRITE, 0, &stack);

	if (status) {
		return status;
	}
	push(&table, args->nr_arguments);
	offset = push_pointers(&table, args, 0, args->nr_arguments, strings_at);
	(void)push_pointers(&table, args, offset, args->nr_variables, strings_at);
	for (unsigned i = 0; i < AUXILIARY_WORDS; i++) {
		push(&table, 0);
	}
	table_at = align_down(strings_at - table.nr * sizeof(uint64_t), STACK_ALIGN);
	random_fill(random, sizeof(random));
	status = as_write(as, (uva_t){ random_at }, random, sizeof(random));
	if (status == STATUS_OK) {
		status =
			as_write(as, (uva_t){ strings_at }, args->bounce->strings, args->len_bytes);
	}
	if (status == STATUS_OK) {
		status =
			as_write(as, (uva_t){ table_at }, table.words, table.nr * sizeof(uint64_t));
	}
	if (status == STATUS_OK) {
		*rsp = table_at;
	}
	return status;
}
