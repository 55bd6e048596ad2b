/* Builds the first stack of a program. */
#include "task/exec_stack.h"

#include "arch/x86_64/random.h"
#include "arch/x86_64/registers.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/as.h"

/* Linux's. */
enum auxiliary {
	AT_NULL = 0,
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,
	AT_PAGESZ = 6,
	AT_ENTRY = 9,
	AT_UID = 11,
	AT_EUID = 12,
	AT_GID = 13,
	AT_EGID = 14,
	AT_HWCAP = 16,
	AT_CLKTCK = 17,
	AT_SECURE = 23,
	AT_RANDOM = 25,
};

enum { RANDOM_BYTES = 16, TICKS_PER_S = 100, AUXILIARY_WORDS = 28, STACK_ALIGN = 16 };
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

static void push_pair(struct table *table, enum auxiliary type, uint64_t value)
{
	push(table, type);
	push(table, value);
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

static void push_auxiliary(struct table *table, const struct elf_image *image, uint32_t uid,
			   uint64_t random_at)
{
	push_pair(table, AT_PHDR, image->headers.uva);
	push_pair(table, AT_PHENT, ELF_HEADER_BYTES);
	push_pair(table, AT_PHNUM, image->nr_headers);
	push_pair(table, AT_PAGESZ, PAGE_SIZE);
	push_pair(table, AT_ENTRY, image->entry.uva);
	push_pair(table, AT_UID, uid);
	push_pair(table, AT_EUID, uid);
	push_pair(table, AT_GID, uid);
	push_pair(table, AT_EGID, uid);
	push_pair(table, AT_SECURE, 0);
	push_pair(table, AT_HWCAP, cpuid_read(1, 0).edx);
	push_pair(table, AT_CLKTCK, TICKS_PER_S);
	push_pair(table, AT_RANDOM, random_at);
	push_pair(table, AT_NULL, 0);
}

status_t exec_stack_build(struct as *as, struct exec_args *args, const struct elf_image *image,
			  uint32_t uid, uint64_t *rsp)
{
	uint64_t random_at = EXEC_STACK_TOP - RANDOM_BYTES;
	uint64_t strings_at = random_at - args->len_bytes;
	struct table table = { .words = args->bounce->table };
	uint8_t random[RANDOM_BYTES];
	uint64_t table_at, offset;
	uva_t stack;
	status_t status = as_map(as, AS_MAP_FIXED_NOREPLACE, EXEC_STACK_TOP - EXEC_STACK_BYTES,
				 EXEC_STACK_BYTES, RIGHT_READ | RIGHT_WRITE, 0, &stack);

	if (status) {
		return status;
	}
	push(&table, args->nr_arguments);
	offset = push_pointers(&table, args, 0, args->nr_arguments, strings_at);
	(void)push_pointers(&table, args, offset, args->nr_variables, strings_at);
	push_auxiliary(&table, image, uid, random_at);
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
