/* printf-style formatting: a specification is parsed into a struct, then printed from it. */
#include "lib/format.h"

#include "lib/string.h"

struct output {
	char *buffer;
	size_t size; /* of the buffer; 0: nothing is stored */
	size_t len;  /* of the whole text so far, stored or not */
};

enum argument_length { LENGTH_CHAR, LENGTH_SHORT, LENGTH_INT, LENGTH_LONG };

struct specification {
	bool left;      /* flag '-' */
	bool zero;      /* flag '0' */
	bool alternate; /* flag '#' */
	char positive;  /* shown before a number that is not negative: '+', ' ' or 0 */
	int width;
	int precision; /* -1: none given */
	enum argument_length length;
};

struct arguments {
	va_list list;
};

static void put(struct output *out, char c)
{
	if (out->len + 1 < out->size) {
		out->buffer[out->len] = c;
	}
	out->len++;
}

static void put_repeated(struct output *out, char c, int count)
{
	while (count-- > 0) {
		put(out, c);
	}
}

static void put_text(struct output *out, const struct specification *spec, const char *text,
		     size_t len)
{
	int padding = spec->width - (int)len;

	if (!spec->left) {
		put_repeated(out, ' ', padding);
	}
	for (size_t i = 0; i < len; i++) {
		put(out, text[i]);
	}
	if (spec->left) {
		put_repeated(out, ' ', padding);
	}
}

/* prefix: a sign, "0x" or nothing */
static void put_number(struct output *out, const struct specification *spec, uint64_t value,
		       unsigned base, const char *digit_names, const char *prefix)
{
	char digits[20];
	int nr_digits = 0;
	int nr_zeros = 0;
	int padding;

	while (value != 0) {
		digits[nr_digits++] = digit_names[value % base];
		value /= base;
	}
	if (spec->precision >= 0) {
		nr_zeros = spec->precision - nr_digits;
	} else if (nr_digits == 0) {
		nr_zeros = 1;
	}
	nr_zeros = MAX(nr_zeros, 0);
	padding = spec->width - (int)strlen(prefix) - nr_zeros - nr_digits;
	if (spec->zero && !spec->left && spec->precision < 0 && padding > 0) {
		nr_zeros += padding;
		padding = 0;
	}
	if (!spec->left) {
		put_repeated(out, ' ', padding);
	}
	while (*prefix != '\0') {
		put(out, *prefix++);
	}
	put_repeated(out, '0', nr_zeros);
	while (nr_digits > 0) {
		put(out, digits[--nr_digits]);
	}
	if (spec->left) {
		put_repeated(out, ' ', padding);
	}
}

static uint64_t take_unsigned(struct arguments *arguments, enum argument_length length)
{
	if (length == LENGTH_LONG) {
		return va_arg(arguments->list, uint64_t);
	}
	unsigned value = va_arg(arguments->list, unsigned);

	switch (length) {
	case LENGTH_CHAR: return (unsigned char)value;
	case LENGTH_SHORT: return (unsigned short)value;
	default: return value;
	}
}

static int64_t take_signed(struct arguments *arguments, enum argument_length length)
{
	if (length == LENGTH_LONG) {
		return va_arg(arguments->list, int64_t);
	}
	int value = va_arg(arguments->list, int);

	switch (length) {
	case LENGTH_CHAR: return (signed char)value;
	case LENGTH_SHORT: return (short)value;
	default: return value;
	}
}

static void put_signed(struct output *out, const struct specification *spec, int64_t value)
{
	char sign[2] = { value < 0 ? '-' : spec->positive, '\0' };
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	put_number(out, spec, magnitude, 10, "0123456789", sign);
}

static void put_string(struct output *out, const struct specification *spec, const char *text)
{
	size_t max = spec->precision < 0 ? INT32_MAX : (size_t)spec->precision;

	if (!text) {
		text = "(null)";
	}
	put_text(out, spec, text, strnlen(text, max));
}

/* Prints one conversion; false when its letter is unknown (nothing was printed then). */
static bool put_conversion(struct output *out, const struct specification *spec, char conversion,
			   struct arguments *arguments)
{
	static const char lower[] = "0123456789abcdef";
	static const char upper[] = "0123456789ABCDEF";
	uint64_t value;
	char c;

	switch (conversion) {
	case 'd':
	case 'i': put_signed(out, spec, take_signed(arguments, spec->length)); return true;
	case 'u':
		put_number(out, spec, take_unsigned(arguments, spec->length), 10, lower, "");
		return true;
	case 'x':
		value = take_unsigned(arguments, spec->length);
		put_number(out, spec, value, 16, lower, spec->alternate && value ? "0x" : "");
		return true;
	case 'X':
		value = take_unsigned(arguments, spec->length);
		put_number(out, spec, value, 16, upper, spec->alternate && value ? "0X" : "");
		return true;
	case 'p':
		put_number(out, spec, (uintptr_t)va_arg(arguments->list, void *), 16, lower, "0x");
		return true;
	case 's': put_string(out, spec, va_arg(arguments->list, const char *)); return true;
	case 'c':
		c = (char)va_arg(arguments->list, int);
		put_text(out, spec, &c, 1);
		return true;
	case '%': put(out, '%'); return true;
	default: return false;
	}
}

static const char *parse_flags(const char *text, struct specification *spec)
{
	for (;; text++) {
		switch (*text) {
		case '-': spec->left = true; break;
		case '0': spec->zero = true; break;
		case '#': spec->alternate = true; break;
		case '+': spec->positive = '+'; break;
		case ' ': spec->positive = spec->positive ? spec->positive : ' '; break;
		default: return text;
		}
	}
}

/* A decimal number or `*`. Numbers stop growing at 9999: wider output is a mistake. */
static const char *parse_number(const char *text, int *out, struct arguments *arguments)
{
	int value = 0;

	if (*text == '*') {
		value = va_arg(arguments->list, int);
		*out = MAX(-9999, MIN(value, 9999));
		return text + 1;
	}
	while (*text >= '0' && *text <= '9') {
		value = MIN(value * 10 + (*text - '0'), 9999);
		text++;
	}
	*out = value;
	return text;
}

static const char *parse_length(const char *text, struct specification *spec)
{
	switch (*text) {
	case 'h':
		spec->length = text[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
		return text + (text[1] == 'h' ? 2 : 1);
	case 'l': spec->length = LENGTH_LONG; return text + (text[1] == 'l' ? 2 : 1);
	case 'z':
	case 't':
	case 'j': spec->length = LENGTH_LONG; return text + 1;
	default: return text;
	}
}

static const char *parse_specification(const char *text, struct specification *spec,
				       struct arguments *arguments)
{
	*spec = (struct specification){ .precision = -1, .length = LENGTH_INT };
	text = parse_flags(text, spec);
	text = parse_number(text, &spec->width, arguments);
	if (spec->width < 0) {
		spec->left = true;
		spec->width = -spec->width;
	}
	if (*text == '.') {
		text = parse_number(text + 1, &spec->precision, arguments);
	}
	return parse_length(text, spec);
}

int format_va(char *buffer, size_t size_bytes, const char *format, va_list list)
{
	struct output out = { .buffer = buffer, .size = size_bytes };
	struct arguments arguments;

	va_copy(arguments.list, list);
	while (*format != '\0') {
		struct specification spec;
		const char *rest;

		if (*format != '%') {
			put(&out, *format++);
			continue;
		}
		rest = parse_specification(format + 1, &spec, &arguments);
		if (*rest != '\0' && put_conversion(&out, &spec, *rest, &arguments)) {
			format = rest + 1;
		} else {
			put(&out, *format++); /* unknown: printed as it stands */
		}
	}
	va_end(arguments.list);
	if (size_bytes > 0) {
		buffer[MIN(out.len, size_bytes - 1)] = '\0';
	}
	return (int)out.len;
}

int format(char *buffer, size_t size_bytes, const char *format, ...)
{
	va_list list;
	int len;

	va_start(list, format);
	len = format_va(buffer, size_bytes, format, list);
	va_end(list);
	return len;
}
