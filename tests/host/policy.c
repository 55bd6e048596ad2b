/* sources: kernel/task/authority/policy_parse.c kernel/task/authority/policy_scan.c
 * kernel/task/authority/syscall_rows.c kernel/lib/format.c kernel/lib/string.c
 * tests/host/policy/fake_pool.c */

/* The policy's grammar: what it means, what is wrong and where, and memory that runs out. */
#include "host_assert.h"
#include "tap.h"

#include "policy/fake_pool.h"
#include "task/authority/policy_parse.h"

static const struct policy_rule *rules;
static struct policy_error error;

/* The text ends where its allocation ends. */
static status_t parse_bytes(const char *text, size_t len_bytes)
{
	char *copy = malloc(len_bytes ? len_bytes : 1);
	status_t status;

	fake_pool_clear();
	memcpy(copy, text, len_bytes);
	rules = NULL;
	error = (struct policy_error){ 0 };
	status = policy_parse((struct policy_text){ copy, len_bytes }, NULL, &rules, &error);
	free(copy);
	return status;
}

static status_t parse(const char *text) { return parse_bytes(text, strlen(text)); }

static const struct policy_rule *rule_of(const char *name)
{
	const struct policy_rule *rule = rules;

	while (rule && strcmp(rule->name, name)) {
		rule = rule->next;
	}
	return rule;
}

static bool may(const char *program, const char *call)
{
	const struct policy_rule *rule = rule_of(program);

	return rule &&
	       (!rule->is_bound || syscall_set_has(&rule->calls, syscall_find(call, strlen(call))));
}

static void test_meaning(void)
{
	is(parse("# a comment\n"
		 "set io read write # behind a statement\n"
		 "\n"
		 "set more @io close\n"
		 "program one\n"
		 "\tuid 1000\n"
		 "\tallow @more\n"
		 "\tallow getpid\n"
		 "program two\n"
		 "deny @io fork\n"
		 "program three\n"
		 "program four\n"
		 "allow all\n"
		 "deny fork exit exit_group\n"
		 "allow fork\n"
		 "uid 0"),
	   STATUS_OK, "a policy with everything in it");
	ok(rule_of("one") && rule_of("one")->has_uid && rule_of("one")->uid == 1000, "uid 1000");
	ok(may("one", "read") && may("one", "close") && may("one", "getpid"),
	   "what is allowed, by name and by sets of sets");
	ok(!may("one", "fork") && !may("one", "flag_prove"), "and nothing else");
	ok(may("one", "exit") && may("one", "exit_group"), "but to leave");
	ok(may("two", "close") && may("two", "vuln_leak"), "deny first: all the rest is allowed");
	ok(!may("two", "read") && !may("two", "write") && !may("two", "fork"), "what is denied");
	ok(rule_of("two") && !rule_of("two")->has_uid, "without uid it keeps its own");
	ok(rule_of("three") && !rule_of("three")->is_bound, "no list: every call");
	ok(may("four", "fork") && may("four", "exit"), "lists apply in order; exit stays");
	ok(rule_of("four") && rule_of("four")->has_uid && rule_of("four")->uid == 0,
	   "the last line needs no end");
	ok(rules && !strcmp(rules->name, "one") && !strcmp(rules->next->name, "two"),
	   "rules come in the order of the text");
	is(fake_pool_nr_objects(), 4, "sets are given back once the text is read");
	is(parse(""), STATUS_OK, "an empty text");
	ok(!rules, "has no rules");
	is(parse("\n\n  \t\n# nothing"), STATUS_OK, "neither has one of blanks and comments");
	is(parse("program abcdefghijklmnopqrstuvwxyz01234"), STATUS_OK, "a name of 31 characters");
	is(parse("program a\nuid 4294967294"), STATUS_OK, "the highest uid");
	is(parse("program a\nuid 00000000000000000001"), STATUS_OK, "a uid with zeros in front");
	ok(rules && rules->uid == 1, "is the number that it is");
	is(parse("program init\nuid 0\nallow all\n"), STATUS_OK,
	   "the first process may have a rule that takes nothing from it");
	is(parse("set set read\nset all write\nprogram program\nallow @set @all\n"), STATUS_OK,
	   "names may be the grammar's words");
	ok(may("program", "read") && may("program", "write") && !may("program", "close"),
	   "and mean what they name");
	is(parse("\tprogram\ta#b\n \t uid\t7#c\n# \xc3\xa4\r\n"), STATUS_OK,
	   "tabs, comments without a blank, and anything in a comment");
}

struct broken {
	const char *text;
	unsigned line, column;
	const char *message;
};

static const struct broken broken[] = {
	{ "programme a\n", 1, 1, "expected set, program, uid, allow or deny, not 'programme'" },
	{ "\n\n  PROGRAM a", 3, 3, "expected set, program, uid, allow or deny, not 'PROGRAM'" },
	{ "uid 7\n", 1, 1, "there is no program yet for this 'uid'" },
	{ "set a read\n allow read\n", 2, 2, "there is no program yet for this 'allow'" },
	{ "deny read", 1, 1, "there is no program yet for this 'deny'" },
	{ "program\n", 1, 8, "expected the name of a program" },
	{ "program   # a", 1, 14, "expected the name of a program" },
	{ "program a b", 1, 11, "expected the end of the line, not 'b'" },
	{ "program @a", 1, 9, "expected a name without '@', not '@a'" },
	{ "program a\nprogram b\n\tprogram a\n", 3, 10, "there is already a program 'a'" },
	{ "program abcdefghijklmnopqrstuvwxyz012345", 1, 9, "a name has at most 31 characters" },
	{ "program a/b", 1, 10, "unexpected '/': a program is named without its folder" },
	{ "program /bin/a", 1, 9, "unexpected '/': a program is named without its folder" },
	{ "program {", 1, 9, "unexpected '{'" },
	{ "program \"a\"", 1, 9, "unexpected '\"'" },
	{ "program a \\", 1, 11, "unexpected '\\'" },
	{ "program a\f", 1, 10, "unexpected byte 0x0c" },
	{ "program a\x1b[31m", 1, 10, "unexpected byte 0x1b" },
	{ "\xef\xbb\xbfprogram a", 1, 1, "unexpected byte 0xef" },
	{ "program a\nuid +1", 2, 5, "unexpected '+'" },
	{ "program a\nuid 0x10", 2, 5, "expected a number, not '0x10'" },
	{ "program a\nallow 57", 2, 7, "there is no system call '57'" },
	{ "program a\nallow @b", 2, 7, "there is no set '@b'" },
	{ "program init\n  deny power_off", 2, 3, "the first process may not be bound by 'deny'" },
	{ "program init\nallow read", 2, 1, "the first process may not be bound by 'allow'" },
	{ "program init\nallow all\ndeny fork", 3, 1,
	  "the first process may not be bound by 'deny'" },
	{ "program init\nuid 1000", 2, 5, "the first process stays uid 0, not '1000'" },
	{ "program a\nuid", 2, 4, "expected a number" },
	{ "program a\nuid x", 2, 5, "expected a number, not 'x'" },
	{ "program a\nuid -1", 2, 5, "expected a number, not '-1'" },
	{ "program a\nuid 1000x", 2, 5, "expected a number, not '1000x'" },
	{ "program a\nuid 4294967295", 2, 5, "a uid is at most 4294967294" },
	{ "program a\nuid 18446744073709551616", 2, 5, "a uid is at most 4294967294" },
	{ "program a\nuid 1 2", 2, 7, "expected the end of the line, not '2'" },
	{ "program a\nuid 1\n  uid 1", 3, 3, "the program has already a 'uid'" },
	{ "program a\nallow", 2, 6, "expected system calls" },
	{ "program a\nallow # read", 2, 13, "expected system calls" },
	{ "program a\nallow read wrote", 2, 12, "there is no system call 'wrote'" },
	{ "program a\nallow rea", 2, 7, "there is no system call 'rea'" },
	{ "program a\nallow readd", 2, 7, "there is no system call 'readd'" },
	{ "program a\nallow none", 2, 7, "there is no system call 'none'" },
	{ "program a\nallow READ", 2, 7, "there is no system call 'READ'" },
	{ "program a\ndeny @io", 2, 6, "there is no set '@io'" },
	{ "program a\ndeny @", 2, 6, "there is no set '@'" },
	{ "program a\nallow @io\nset io read", 2, 7, "there is no set '@io'" },
	{ "set io @io", 1, 8, "there is no set '@io'" },
	{ "set", 1, 4, "expected the name of a set" },
	{ "set io", 1, 7, "expected system calls" },
	{ "set io read\nset io write", 2, 5, "there is already a set 'io'" },
	{ "set @io read", 1, 5, "expected a name without '@', not '@io'" },
	{ "set abcdefghijklmnopqrstuvwxyz012345 read", 1, 5, "a name has at most 31 characters" },
	{ "program a\r\nuid 1", 1, 10, "unexpected byte 0x0d: a line ends with a line feed alone" },
	{ "program a\nallow read, write", 2, 11, "unexpected ',': words are separated by blanks" },
	{ "program a = b", 1, 11, "unexpected '='" },
	{ "program \xc3\xa4", 1, 9, "unexpected byte 0xc3" },
	{ "program a\nallow a@b", 2, 8, "unexpected '@'" },
	{ "program a\nallow @@io", 2, 8, "unexpected '@'" },
	{ "\x7f"
	  "ELF",
	  1, 1, "unexpected byte 0x7f" },
};

static void test_broken(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		status_t status = parse(broken[i].text);

		ok(status == STATUS_EINVAL && error.line == broken[i].line &&
			   error.column == broken[i].column &&
			   !strcmp(error.message, broken[i].message) && !rules,
		   "%u:%u: %s (got %u:%u: %s)", broken[i].line, broken[i].column, broken[i].message,
		   error.line, error.column, error.message);
		if (fake_pool_nr_objects()) {
			ok(false, "and everything is given back");
		}
	}
	is(parse_bytes("program a\0b", 11), STATUS_EINVAL, "a zero byte is refused");
	is(error.column, 10, "at its place");
}

static void test_limits(void)
{
	static char text[1 << 16];
	size_t len = 0;

	for (unsigned i = 0; i < POLICY_RULES_MAX; i++) {
		len += (size_t)sprintf(text + len, "program p%u\n", i);
	}
	is(parse(text), STATUS_OK, "%d programs", POLICY_RULES_MAX);
	strcpy(text + len, "program more");
	is(parse(text), STATUS_EINVAL, "one more is refused");
	ok(error.line == POLICY_RULES_MAX + 1 && error.column == 9 &&
		   !strcmp(error.message, "more than 256 programs"),
	   "where it is");
	len = 0;
	for (unsigned i = 0; i < POLICY_SETS_MAX; i++) {
		len += (size_t)sprintf(text + len, "set s%u read\n", i);
	}
	is(parse(text), STATUS_OK, "%d sets", POLICY_SETS_MAX);
	strcpy(text + len, "set more read");
	is(parse(text), STATUS_EINVAL, "one more is refused");
	is(error.line, POLICY_SETS_MAX + 1, "where it is");
}

/* A text of a megabyte, of one long line and of many short ones. */
static void test_large(void)
{
	enum { LEN = 1 << 20, PLACE = 70000 };
	char *text = malloc(LEN + 16);

	memset(text, ' ', LEN);
	text[PLACE] = '!';
	is(parse_bytes(text, LEN), STATUS_EINVAL, "a mistake far out in a line");
	ok(error.line == 1 && error.column == PLACE + 1, "is told at its column: %u:%u", error.line,
	   error.column);
	memset(text, '\n', LEN);
	strcpy(text + LEN, " wrong");
	is(parse(text), STATUS_EINVAL, "a mistake far down");
	ok(error.line == LEN + 1 && error.column == 2, "is told at its line: %u:%u", error.line,
	   error.column);
	memset(text, '#', LEN);
	is(parse_bytes(text, LEN), STATUS_OK, "a comment of a megabyte");
	memset(text, 'a', LEN);
	memcpy(text, "program ", 8);
	is(parse_bytes(text, LEN), STATUS_EINVAL, "a name of a megabyte");
	ok(!strcmp(error.message, "a name has at most 31 characters"), "is too long: %s",
	   error.message);
	memcpy(text, "allow   ", 8);
	is(parse_bytes(text, LEN), STATUS_EINVAL, "a word of a megabyte is cut in the message");
	free(text);
}

static void test_no_memory(void)
{
	static const char text[] = "set a read\nset b @a\nprogram one\nuid 1\nallow @b\n"
				   "program two\ndeny @a\nset c write\nprogram three\n";
	int nr = 0;

	for (;; nr++) {
		status_t status;

		fake_pool_clear();
		fake_pool_fail_after(nr);
		status = parse(text);
		if (!fake_pool_has_failed()) {
			break;
		}
		ok(status == STATUS_ENOMEM && !fake_pool_nr_objects() && !rules,
		   "allocation %d fails: everything is given back", nr);
		ok(error.line && error.column && !strcmp(error.message, "no memory"),
		   "and said at %u:%u", error.line, error.column);
	}
	fake_pool_fail_after(-1);
	is(nr, 6, "each allocation failed once");
}

/* Each beginning of a text is read or refused, without a look past its end. */
static void test_cut(void)
{
	static const char text[] =
		"set io read write\nprogram one\n\tuid 1000\n\tallow @io fork # x\n";
	bool is_sound = true;

	for (size_t len = 0; len < sizeof(text); len++) {
		status_t status = parse_bytes(text, len);

		is_sound = is_sound && (status == STATUS_OK ||
					(status == STATUS_EINVAL && !fake_pool_nr_objects()));
	}
	ok(is_sound, "cut anywhere, it is read or refused");
}

int main(void)
{
	test_meaning();
	test_broken();
	test_limits();
	test_large();
	test_no_memory();
	test_cut();
	fake_pool_clear();
	return done_testing();
}
