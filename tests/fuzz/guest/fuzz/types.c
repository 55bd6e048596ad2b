/* The table of what the fuzzer can do. */
#include "types.h"

#include <stdio.h>
#include <string.h>

struct kind_row kinds[NR_KINDS] = {
#define SYSCALL(call_number, call_name, nr)                                                        \
	[KIND_##call_name] = { .name = #call_name, .number = (call_number), .nr_arguments = (nr) },
#define SYSCALL_WITH_REGS SYSCALL
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
};

/* Their types are lists: TYPE_x for each word. */
#define T0() TYPE_END
#define T1(a) TYPE_##a
#define T2(a, ...) TYPE_##a, T1(__VA_ARGS__)
#define T3(a, ...) TYPE_##a, T2(__VA_ARGS__)
#define T4(a, ...) TYPE_##a, T3(__VA_ARGS__)
#define T5(a, ...) TYPE_##a, T4(__VA_ARGS__)
#define T6(a, ...) TYPE_##a, T5(__VA_ARGS__)
#define NTH(a, b, c, d, e, f, g, nth, ...) nth
#define TYPES(...) NTH(_, ##__VA_ARGS__, T6, T5, T4, T3, T2, T1, T0)(__VA_ARGS__)

struct typed {
	enum kind kind;
	const char *name;
	enum how how;
	enum type types[ARGUMENTS_MAX + 1];
};

static const struct typed typed[] = {
#define ARGS(call, how, ...) { KIND_##call, #call, HOW_##how, { TYPES(__VA_ARGS__) } },
#include "types.inc"
#include "types_extra.inc"
#undef ARGS
};

bool kinds_init(void)
{
	for (unsigned i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		struct kind_row *row = &kinds[typed[i].kind];
		unsigned nr = 0;

		while (typed[i].types[nr] != TYPE_END) {
			nr++;
		}
		if (row->name && nr != row->nr_arguments) {
			printf("fuzz: types.inc: %s has %u arguments\n", row->name,
			       row->nr_arguments);
			return false;
		}
		row->name = typed[i].name;
		row->nr_arguments = nr;
		row->how = typed[i].how;
		memcpy(row->types, typed[i].types, sizeof(row->types));
	}
	for (unsigned kind = 1; kind < NR_KINDS; kind++) {
		if (kind != NR_SYSTEM_CALLS && kinds[kind].how == HOW_NONE) {
			printf("fuzz: types.inc lacks %s\n", kinds[kind].name);
			return false;
		}
	}
	return true;
}

enum kind kind_find(const char *name, unsigned len)
{
	for (unsigned kind = 1; kind < NR_KINDS; kind++) {
		const char *other = kinds[kind].name;

		if (other && strlen(other) == len && !memcmp(name, other, len)) {
			return kind;
		}
	}
	return KIND_NONE;
}
