/*
 * What the compiler's undefined-behaviour checks call. Names and structures are fixed by the
 * compiler; values of up to 64 bits arrive in a word, wider ones as a pointer.
 */
#include "core/panic.h"
#include "lib/format.h"
#include "lib/types.h"

struct location {
	const char *file;
	uint32_t line;
	uint32_t column;
};

struct type {
	uint16_t kind; /* enum type_kind */
	uint16_t info; /* TYPE_INTEGER: bit 0 signed, the rest log2 of the width in bits */
	char name[];   /* in quotes already */
};

enum type_kind { TYPE_INTEGER = 0 };

struct data {
	struct location at;
};

struct data_type {
	struct location at;
	const struct type *type;
};

struct data_two_types {
	struct location at;
	const struct type *left;
	const struct type *right;
};

struct data_access {
	struct location at;
	const struct type *type;
	uint8_t log2_align;
	uint8_t kind; /* index in access_kinds */
};

struct data_argument {
	struct location at;
	struct location attribute;
	int index;
};

enum { VALUE_BYTES = 32 };

#define REPORT(at, text, ...)                                                                      \
	panic("undefined behaviour in %s:%u:%u: " text, (at)->file, (at)->line, (at)->column,      \
	      ##__VA_ARGS__)

static const char *value_text(char *buffer, const struct type *type, uint64_t value)
{
	unsigned bits = 1u << (type->info >> 1);

	if (type->kind != TYPE_INTEGER || bits > 64) {
		format(buffer, VALUE_BYTES, "(a wide value)");
	} else if (type->info & 1) {
		format(buffer, VALUE_BYTES, "%ld", (int64_t)(value << (64 - bits)) >> (64 - bits));
	} else {
		format(buffer, VALUE_BYTES, "%lu", value);
	}
	return buffer;
}

static void report_overflow(const struct data_type *data, uint64_t left, char operator,
			    uint64_t right)
{
	char left_text[VALUE_BYTES];
	char right_text[VALUE_BYTES];

	REPORT(&data->at, "%s %c %s does not fit into %s",
	       value_text(left_text, data->type, left), operator,
	       value_text(right_text, data->type, right), data->type->name);
}

/* Declares and begins a handler: nothing else calls these by name. */
#define HANDLER(name, ...)                                                                         \
	void __ubsan_handle_##name(__VA_ARGS__);                                                   \
	void __ubsan_handle_##name(__VA_ARGS__)

HANDLER(add_overflow, const struct data_type *data, uint64_t left, uint64_t right)
{
	report_overflow(data, left, '+', right);
}

HANDLER(sub_overflow, const struct data_type *data, uint64_t left, uint64_t right)
{
	report_overflow(data, left, '-', right);
}

HANDLER(mul_overflow, const struct data_type *data, uint64_t left, uint64_t right)
{
	report_overflow(data, left, '*', right);
}

HANDLER(divrem_overflow, const struct data_type *data, uint64_t left, uint64_t right)
{
	report_overflow(data, left, '/', right);
}

HANDLER(negate_overflow, const struct data_type *data, uint64_t value)
{
	char text[VALUE_BYTES];

	REPORT(&data->at, "-(%s) does not fit into %s", value_text(text, data->type, value),
	       data->type->name);
}

HANDLER(shift_out_of_bounds, const struct data_two_types *data, uint64_t left, uint64_t right)
{
	char left_text[VALUE_BYTES];
	char right_text[VALUE_BYTES];

	REPORT(&data->at, "%s, a %s, shifted by %s", value_text(left_text, data->left, left),
	       data->left->name, value_text(right_text, data->right, right));
}

HANDLER(out_of_bounds, const struct data_two_types *data, uint64_t index)
{
	char text[VALUE_BYTES];

	REPORT(&data->at, "index %s is outside of %s", value_text(text, data->right, index),
	       data->left->name);
}

HANDLER(type_mismatch_v1, const struct data_access *data, uint64_t address)
{
	static const char *const access_kinds[] = {
		"load",
		"store",
		"binding of a reference",
		"member access",
		"member call",
		"constructor call",
		"downcast",
		"downcast",
		"upcast",
		"cast to a virtual base",
		"nonnull binding",
		"dynamic operation",
	};
	const char *kind =
		data->kind < ARRAY_SIZE(access_kinds) ? access_kinds[data->kind] : "access";
	uint64_t align = 1ul << data->log2_align;

	if (address == 0) {
		REPORT(&data->at, "%s of %s through a null pointer", kind, data->type->name);
	} else if (!is_aligned(address, align)) {
		REPORT(&data->at, "%s of %s at %#lx, which is not a multiple of %lu", kind,
		       data->type->name, address, align);
	} else {
		REPORT(&data->at, "%s of %s at %#lx, where the object is too small", kind,
		       data->type->name, address);
	}
}

HANDLER(pointer_overflow, const struct data *data, uint64_t base, uint64_t result)
{
	REPORT(&data->at, "pointer %#lx moved to %#lx", base, result);
}

HANDLER(load_invalid_value, const struct data_type *data, uint64_t value)
{
	char text[VALUE_BYTES];

	REPORT(&data->at, "%s is no value of %s", value_text(text, data->type, value),
	       data->type->name);
}

HANDLER(vla_bound_not_positive, const struct data_type *data, uint64_t bound)
{
	char text[VALUE_BYTES];

	REPORT(&data->at, "an array of %s elements", value_text(text, data->type, bound));
}

HANDLER(nonnull_arg, const struct data_argument *data)
{
	REPORT(&data->at, "argument %d must not be null", data->index);
}

HANDLER(nonnull_return_v1, const struct data *data, const struct location *at)
{
	(void)data;
	REPORT(at, "a null pointer is returned where none may be");
}

HANDLER(builtin_unreachable, const struct data *data)
{
	REPORT(&data->at, "a place that cannot be reached was reached");
}

HANDLER(missing_return, const struct data *data)
{
	REPORT(&data->at, "a function ended without a value");
}

HANDLER(invalid_builtin, const struct data *data)
{
	REPORT(&data->at, "a bit-counting builtin was given 0");
}
