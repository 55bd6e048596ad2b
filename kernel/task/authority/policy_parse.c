/* Statements of one line each: sets of calls, then programs and what holds for them. */
#include "task/authority/policy_parse.h"

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/pool/pmalloc.h"
#include "task/authority/policy_scan.h"

/* Named calls. Only needed while the text is read. */
struct call_set {
	struct call_set *next;
	char name[POLICY_NAME_BYTES];
	struct syscall_set calls;
};

struct parser {
	struct scanner scanner;
	const struct pool *pool;
	struct call_set *sets; /* the newest first */
	struct policy_rule *rules, *last;
	unsigned nr_sets, nr_rules;
};

/* A new name: `to` has room for POLICY_NAME_BYTES. */
static status_t name_take(struct parser *parser, const struct word *word, char *to)
{
	if (word->at[0] == '@') {
		return scan_fail_at(&parser->scanner, word, "expected a name without '@', not");
	}
	if (word->len_bytes >= POLICY_NAME_BYTES) {
		return scan_fail(&parser->scanner, word->column, "a name has at most %d characters",
				 POLICY_NAME_BYTES - 1);
	}
	memcpy(to, word->at, word->len_bytes);
	to[word->len_bytes] = '\0';
	return STATUS_OK;
}

static struct call_set *set_find(struct parser *parser, const struct word *name)
{
	struct call_set *set = parser->sets;

	while (set && !word_is(name, set->name)) {
		set = set->next;
	}
	return set;
}

/* What one word of a list of calls stands for. */
static status_t calls_of(struct parser *parser, const struct word *word, struct syscall_set *out)
{
	const struct word name = { word->at + 1, word->len_bytes - 1, word->column };
	const struct call_set *set;
	enum syscall_row row;

	*out = (struct syscall_set){ 0 };
	if (word_is(word, "all")) {
		*out = syscall_set_all();
		return STATUS_OK;
	}
	if (word->at[0] == '@') {
		set = set_find(parser, &name);
		if (!set) {
			return scan_fail_at(&parser->scanner, word, "there is no set");
		}
		*out = set->calls;
		return STATUS_OK;
	}
	row = syscall_find(word->at, word->len_bytes);
	if (row == ROW_NONE) {
		return scan_fail_at(&parser->scanner, word, "there is no system call");
	}
	syscall_set_add(out, row);
	return STATUS_OK;
}

/* The rest of the line, at least one word. */
static status_t list_parse(struct parser *parser, struct syscall_set *out)
{
	struct syscall_set calls;
	struct word word;
	status_t status = scan_wanted(&parser->scanner, "system calls", &word);

	*out = (struct syscall_set){ 0 };
	while (status == STATUS_OK && word.len_bytes) {
		status = calls_of(parser, &word, &calls);
		for (unsigned i = 0; i < SYSCALL_SET_WORDS; i++) {
			out->words[i] |= calls.words[i];
		}
		if (status == STATUS_OK) {
			status = scan_word(&parser->scanner, &word);
		}
	}
	return status;
}

static status_t set_parse(struct parser *parser)
{
	char name[POLICY_NAME_BYTES];
	struct syscall_set calls;
	struct call_set *set;
	struct word word;
	void *object;
	status_t status = scan_wanted(&parser->scanner, "the name of a set", &word);

	if (status == STATUS_OK) {
		status = name_take(parser, &word, name);
	}
	if (status == STATUS_OK && set_find(parser, &word)) {
		return scan_fail_at(&parser->scanner, &word, "there is already a set");
	}
	if (status == STATUS_OK && parser->nr_sets == POLICY_SETS_MAX) {
		return scan_fail(&parser->scanner, word.column, "more than %d sets",
				 POLICY_SETS_MAX);
	}
	if (status == STATUS_OK) {
		status = list_parse(parser, &calls);
	}
	if (status) {
		return status;
	}
	if (pzalloc(parser->pool, sizeof(*set), &object)) {
		return scan_no_memory(&parser->scanner, &word);
	}
	set = object;
	set->next = parser->sets;
	set->calls = calls;
	memcpy(set->name, name, sizeof(name));
	parser->sets = set;
	parser->nr_sets++;
	return STATUS_OK;
}

static bool rule_exists(const struct parser *parser, const char *name)
{
	const struct policy_rule *rule = parser->rules;

	while (rule && strcmp(rule->name, name)) {
		rule = rule->next;
	}
	return rule;
}

static status_t program_parse(struct parser *parser)
{
	char name[POLICY_NAME_BYTES];
	struct policy_rule *rule;
	struct word word;
	void *object;
	status_t status = scan_wanted(&parser->scanner, "the name of a program", &word);

	if (status == STATUS_OK) {
		status = name_take(parser, &word, name);
	}
	if (status == STATUS_OK && rule_exists(parser, name)) {
		return scan_fail_at(&parser->scanner, &word, "there is already a program");
	}
	if (status == STATUS_OK && parser->nr_rules == POLICY_RULES_MAX) {
		return scan_fail(&parser->scanner, word.column, "more than %d programs",
				 POLICY_RULES_MAX);
	}
	if (status == STATUS_OK) {
		status = scan_line_end(&parser->scanner);
	}
	if (status) {
		return status;
	}
	if (pzalloc(parser->pool, sizeof(*rule), &object)) {
		return scan_no_memory(&parser->scanner, &word);
	}
	rule = object;
	memcpy(rule->name, name, sizeof(name));
	*(parser->last ? &parser->last->next : &parser->rules) = rule;
	parser->last = rule;
	parser->nr_rules++;
	return STATUS_OK;
}

static status_t number_take(struct parser *parser, const struct word *word, uint32_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < word->len_bytes; i++) {
		if (word->at[i] < '0' || word->at[i] > '9') {
			return scan_fail_at(&parser->scanner, word, "expected a number, not");
		}
		value = value * 10 + (uint64_t)(word->at[i] - '0');
		if (value >= UINT32_MAX) {
			return scan_fail(&parser->scanner, word->column, "a uid is at most %u",
					 UINT32_MAX - 1);
		}
	}
	*out = (uint32_t)value;
	return STATUS_OK;
}

/* The machine ends with the first process: a mistake about it could not be put right. */
static bool is_first_process(const struct policy_rule *rule)
{
	return !strcmp(rule->name, POLICY_FIRST_PROGRAM);
}

static status_t uid_parse(struct parser *parser, const struct word *statement)
{
	struct word word;
	uint32_t uid = 0;
	status_t status = scan_wanted(&parser->scanner, "a number", &word);

	if (status == STATUS_OK) {
		status = number_take(parser, &word, &uid);
	}
	if (status == STATUS_OK) {
		status = scan_line_end(&parser->scanner);
	}
	if (status) {
		return status;
	}
	if (parser->last->has_uid) {
		return scan_fail_at(&parser->scanner, statement, "the program has already a");
	}
	if (is_first_process(parser->last) && uid != 0) {
		return scan_fail_at(&parser->scanner, &word, "the first process stays uid 0, not");
	}
	parser->last->has_uid = true;
	parser->last->uid = uid;
	return STATUS_OK;
}

/* The first list of a program decides what it starts from: nothing, or everything. */
static status_t calls_parse(struct parser *parser, const struct word *statement, bool is_allow)
{
	const struct syscall_set all = syscall_set_all();
	struct policy_rule *rule = parser->last;
	struct syscall_set calls;
	status_t status = list_parse(parser, &calls);

	if (status) {
		return status;
	}
	if (!rule->is_bound && !is_allow) {
		rule->calls = all;
	}
	rule->is_bound = true;
	for (unsigned i = 0; i < SYSCALL_SET_WORDS; i++) {
		if (is_allow) {
			rule->calls.words[i] |= calls.words[i];
		} else {
			rule->calls.words[i] &= ~calls.words[i];
		}
	}
	if (is_first_process(rule) && !syscall_set_equal(&rule->calls, &all)) {
		return scan_fail_at(&parser->scanner, statement,
				    "the first process may not be bound by");
	}
	/* who may not leave would stay */
	syscall_set_add(&rule->calls, ROW_exit);
	syscall_set_add(&rule->calls, ROW_exit_group);
	return STATUS_OK;
}

static status_t statement_parse(struct parser *parser, const struct word *word)
{
	if (word_is(word, "set")) {
		return set_parse(parser);
	}
	if (word_is(word, "program")) {
		return program_parse(parser);
	}
	if (!word_is(word, "uid") && !word_is(word, "allow") && !word_is(word, "deny")) {
		return scan_fail_at(&parser->scanner, word,
				    "expected set, program, uid, allow or deny, not");
	}
	if (!parser->last) {
		return scan_fail_at(&parser->scanner, word, "there is no program yet for this");
	}
	return word_is(word, "uid") ? uid_parse(parser, word)
				    : calls_parse(parser, word, word_is(word, "allow"));
}

static status_t text_parse(struct parser *parser)
{
	struct word word;
	status_t status = STATUS_OK;

	while (status == STATUS_OK && !scan_is_end(&parser->scanner)) {
		status = scan_word(&parser->scanner, &word);
		if (status == STATUS_OK && word.len_bytes) {
			status = statement_parse(parser, &word);
		}
		if (status == STATUS_OK) {
			scan_line_next(&parser->scanner);
		}
	}
	return status;
}

/* The pool is not sealed, and the object is its own: it cannot refuse. */
static void give_back(const struct parser *parser, const void *object)
{
	status_t status = pfree(parser->pool, object);

	assert(status == STATUS_OK);
	(void)status;
}

static void sets_free(struct parser *parser)
{
	while (parser->sets) {
		const struct call_set *set = parser->sets;

		parser->sets = set->next;
		give_back(parser, set);
	}
}

static void rules_free(struct parser *parser)
{
	while (parser->rules) {
		const struct policy_rule *rule = parser->rules;

		parser->rules = rule->next;
		give_back(parser, rule);
	}
}

status_t policy_parse(struct policy_text text, const struct pool *pool,
		      const struct policy_rule **out, struct policy_error *error)
{
	struct parser parser = {
		.scanner = { .text = text, .line = 1, .column = 1, .error = error },
		.pool = pool,
	};
	status_t status = text_parse(&parser);

	sets_free(&parser);
	if (status) {
		rules_free(&parser);
		return status;
	}
	*out = parser.rules;
	return STATUS_OK;
}
