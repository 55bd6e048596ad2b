/* Reads litmus tests: a line, a sentence. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_PER_LINE = 12 };

struct line {
	char *words[WORDS_PER_LINE];
	unsigned nr;
};

static void split(char *text, struct line *line)
{
	line->nr = 0;
	for (char *word = strtok(text, " \t\n"); word && line->nr < WORDS_PER_LINE;
	     word = strtok(NULL, " \t\n")) {
		line->words[line->nr++] = word;
	}
}

static bool is(const struct line *line, unsigned at, const char *word)
{
	return at < line->nr && strcmp(line->words[at], word) == 0;
}

/* The index of a name, or the number of names. */
static unsigned find(char names[][16], unsigned nr, const char *name)
{
	unsigned i = 0;

	while (i < nr && strcmp(names[i], name) != 0) {
		i++;
	}
	return i;
}

static bool value_parse(const char *word, unsigned *value)
{
	char *end;

	if (strcmp(word, "none") == 0) {
		*value = LITMUS_NONE;
		return true;
	}
	if (word[0] >= 'a' && word[0] < 'a' + LITMUS_FRAMES && !word[1]) {
		*value = (unsigned char)word[0];
		return true;
	}
	*value = (unsigned)strtoul(word, &end, 10);
	return end != word && !*end && *value < 'a';
}

/* rN */
static bool reg_parse(const char *word, unsigned *reg)
{
	char *end;

	*reg = word[0] == 'r' ? (unsigned)strtoul(word + 1, &end, 10) : LITMUS_REGS;
	return *reg < LITMUS_REGS && !*end;
}

static bool number_at(const struct line *line, unsigned at, unsigned below, unsigned *number)
{
	return at < line->nr && value_parse(line->words[at], number) && *number < below;
}

/* --- what there is --- */

static bool word_add(struct litmus *test, const struct line *line)
{
	if (line->nr != 3 || test->nr_words == LITMUS_WORDS ||
	    !value_parse(line->words[2], &test->word_start[test->nr_words])) {
		return false;
	}
	snprintf(test->words[test->nr_words++], sizeof(test->words[0]), "%s", line->words[1]);
	return true;
}

/* page NAME FRAME [in SPACE] */
static bool page_add(struct litmus *test, const struct line *line)
{
	unsigned space = 0, page, frame;

	if ((line->nr != 3 && line->nr != 5) || !value_parse(line->words[2], &frame) ||
	    (line->nr == 5 && !number_at(line, 4, LITMUS_SPACES, &space))) {
		return false;
	}
	page = find(test->pages, test->nr_pages, line->words[1]);
	if (page == LITMUS_PAGES) {
		return false;
	}
	if (page == test->nr_pages) {
		snprintf(test->pages[test->nr_pages++], sizeof(test->pages[0]), "%s",
			 line->words[1]);
		test->frame[1][page] = frame;
	}
	test->frame[space][page] = frame;
	return true;
}

/* "THREAD:rN=VALUE" of each word behind the first. */
static bool outcome_add(struct litmus *test, const struct line *line)
{
	struct litmus_outcome *outcome = &test->outcomes[test->nr_outcomes];
	size_t len = 0;

	if (test->nr_outcomes == LITMUS_OUTCOMES || line->nr < 2 || line->nr > LITMUS_TERMS + 1) {
		return false;
	}
	test->nr_outcomes++;
	outcome->is_forbidden = is(line, 0, "forbidden");
	for (unsigned i = 1; i < line->nr; i++) {
		struct litmus_term *term = &outcome->terms[outcome->nr_terms++];
		char value[16];

		if (sscanf(line->words[i], "%u:r%u=%15s", &term->thread, &term->reg, value) != 3 ||
		    term->thread >= test->nr_threads || term->reg >= LITMUS_REGS ||
		    !value_parse(value, &term->value)) {
			return false;
		}
		len += (size_t)snprintf(outcome->text + len, sizeof(outcome->text) - len, "%s%s",
					i > 1 ? " " : "", line->words[i]);
	}
	return true;
}

/* --- what threads do --- */

/* load, exchange, add: of a word or a page, into a register */
static bool op_into(const struct litmus *test, const struct line *line, struct litmus_op *op)
{
	bool is_load = is(line, 2, "load");
	unsigned page;

	if (!reg_parse(line->words[0], &op->reg) || !is(line, 1, "=") ||
	    line->nr != (is_load ? 4 : 5)) {
		return false;
	}
	op->kind = is_load ? OP_LOAD : is(line, 2, "add") ? OP_ADD : OP_EXCHANGE;
	op->target = find((char(*)[16])test->words, test->nr_words, line->words[3]);
	page = find((char(*)[16])test->pages, test->nr_pages, line->words[3]);
	if (is_load && page < test->nr_pages) {
		op->kind = OP_READ;
		op->target = page;
		return true;
	}
	return op->target < test->nr_words &&
	       (is_load || is(line, 2, "add") || is(line, 2, "exchange")) &&
	       (is_load || value_parse(line->words[4], &op->value));
}

/* NAME VALUE of a word or a page */
static bool op_store(const struct litmus *test, const struct line *line, struct litmus_op *op)
{
	op->kind = is(line, 0, "wait") ? OP_WAIT : OP_STORE;
	if (line->nr != 3 || !value_parse(line->words[2], &op->value)) {
		return false;
	}
	op->target = find((char(*)[16])test->words, test->nr_words, line->words[1]);
	if (op->target == test->nr_words && op->kind == OP_STORE) {
		op->kind = OP_WRITE;
		op->target = find((char(*)[16])test->pages, test->nr_pages, line->words[1]);
		return op->target < test->nr_pages;
	}
	return op->target < test->nr_words;
}

/* pte PAGE FRAME [in SPACE], table PAGE 0|1 [in SPACE] */
static bool op_entry(const struct line *line, struct litmus_op *op)
{
	op->kind = is(line, 0, "pte") ? OP_ENTRY : OP_TABLE;
	if (line->nr == 5 &&
	    !(is(line, 3, "in") && number_at(line, 4, LITMUS_SPACES, &op->space))) {
		return false;
	}
	return (line->nr == 3 || line->nr == 5) && value_parse(line->words[2], &op->value) &&
	       (op->kind == OP_ENTRY ? op->value >= 'a' : op->value <= 1);
}

static bool op_of_page(const struct litmus *test, const struct line *line, struct litmus_op *op)
{
	op->target = line->nr > 1 ? find((char(*)[16])test->pages, test->nr_pages, line->words[1])
				  : LITMUS_PAGES;
	if (op->target >= test->nr_pages) {
		return false;
	}
	if (is(line, 0, "pte") || is(line, 0, "table")) {
		return op_entry(line, op);
	}
	if (is(line, 0, "invpcid")) {
		op->kind = OP_INVPCID;
		return line->nr == 3 && number_at(line, 2, 7, &op->pcid);
	}
	op->kind = is(line, 0, "invlpg") ? OP_INVLPG : OP_DISCARD;
	return line->nr == 2 && (op->kind == OP_INVLPG || is(line, 0, "discard"));
}

/* cr3 SPACE PCID [noflush], flush all, flush PCID, fence */
static bool op_of_all(const struct line *line, struct litmus_op *op)
{
	if (is(line, 0, "cr3")) {
		op->kind = OP_CR3;
		op->noflush = is(line, 3, "noflush");
		return line->nr == (op->noflush ? 4u : 3u) &&
		       number_at(line, 1, LITMUS_SPACES, &op->space) &&
		       number_at(line, 2, 7, &op->pcid);
	}
	if (is(line, 0, "flush")) {
		op->kind = is(line, 1, "all") ? OP_FLUSH_ALL : OP_FLUSH_PCID;
		return line->nr == 2 &&
		       (op->kind == OP_FLUSH_ALL || number_at(line, 1, 7, &op->pcid));
	}
	op->kind = OP_FENCE;
	return line->nr == 1 && is(line, 0, "fence");
}

static bool op_add(struct litmus *test, const struct line *line)
{
	unsigned thread = test->nr_threads - 1;
	struct litmus_op *op;

	if (!test->nr_threads || test->nr_ops[thread] == LITMUS_OPS) {
		return false;
	}
	op = &test->ops[thread][test->nr_ops[thread]++];
	if (is(line, 1, "=")) {
		return op_into(test, line, op);
	}
	if (is(line, 0, "store") || is(line, 0, "wait")) {
		return op_store(test, line, op);
	}
	return op_of_all(line, op) || op_of_page(test, line, op);
}

static bool line_parse(struct litmus *test, const struct line *line)
{
	if (is(line, 0, "word")) {
		return word_add(test, line);
	}
	if (is(line, 0, "page")) {
		return page_add(test, line);
	}
	if (is(line, 0, "thread")) {
		return test->nr_threads++ < LITMUS_THREADS && line->nr == 1;
	}
	if (is(line, 0, "allowed") || is(line, 0, "forbidden")) {
		return outcome_add(test, line);
	}
	if (is(line, 0, "needs")) {
		return test->needs_pcid = line->nr == 2 && is(line, 1, "pcid");
	}
	if (is(line, 0, "runs")) {
		return test->on_guest = line->nr == 2 && is(line, 1, "guest");
	}
	return op_add(test, line);
}

/* "test TEXT", "from TEXT" */
static bool text_parse(struct litmus *test, const char *text)
{
	char *to = strncmp(text, "test ", 5) == 0   ? test->name
		   : strncmp(text, "from ", 5) == 0 ? test->from
						    : NULL;

	if (to) {
		snprintf(to, LITMUS_TEXT, "%.*s", (int)strcspn(text + 5, "\n"), text + 5);
	}
	return to;
}

bool litmus_parse(FILE *file, const char *path, struct litmus *test, char *error,
		  size_t error_bytes)
{
	char text[LITMUS_TEXT];
	unsigned nr_lines = 0;
	bool is_good = file;

	memset(test, 0, sizeof(*test));
	snprintf(error, error_bytes, "%s: it cannot be read", path);
	while (is_good && fgets(text, sizeof(text), file)) {
		struct line line;

		snprintf(error, error_bytes, "%s:%u: what is that?", path, ++nr_lines);
		if (!text_parse(test, text)) {
			text[strcspn(text, "#")] = '\0';
			split(text, &line);
			is_good = !line.nr || line_parse(test, &line);
		}
	}
	if (is_good && !(test->name[0] && test->from[0] && test->nr_threads && test->nr_outcomes)) {
		snprintf(error, error_bytes, "%s: no test, from, thread or outcome", path);
		return false;
	}
	return is_good;
}

/* --- outcomes --- */

bool litmus_meets(const struct litmus_outcome *outcome,
		  const unsigned char regs[LITMUS_THREADS][LITMUS_REGS])
{
	for (unsigned i = 0; i < outcome->nr_terms; i++) {
		const struct litmus_term *term = &outcome->terms[i];

		if (regs[term->thread][term->reg] != term->value) {
			return false;
		}
	}
	return true;
}

void litmus_text(const unsigned char regs[LITMUS_THREADS][LITMUS_REGS], char *text,
		 size_t size_bytes)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < LITMUS_THREADS * LITMUS_REGS && len < size_bytes; i++) {
		unsigned value = regs[i / LITMUS_REGS][i % LITMUS_REGS];

		if (value == LITMUS_UNSET) {
			continue;
		}
		len += (size_t)snprintf(text + len, size_bytes - len, "%s%u:r%u=", len ? " " : "",
					i / LITMUS_REGS, i % LITMUS_REGS);
		if (len < size_bytes) {
			len += (size_t)snprintf(text + len, size_bytes - len,
						value == LITMUS_NONE ? "none"
						: value >= 'a'       ? "%c"
								     : "%u",
						value);
		}
	}
}
