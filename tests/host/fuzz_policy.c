/* sources: kernel/task/authority/policy_parse.c kernel/task/authority/policy_scan.c
 * kernel/task/authority/syscall_rows.c kernel/lib/format.c kernel/lib/string.c
 * tests/host/policy/fake_pool.c */

/* Whatever text the policy's parser gets: rules that hold together, or an error within the text. */
#include "fuzz.h"
#include "host_assert.h"

#include "policy/fake_pool.h"
#include "task/authority/policy_parse.h"

static void check(bool condition)
{
	if (!condition) {
		abort();
	}
}

static void check_rules(const struct policy_rule *rule)
{
	unsigned nr = 0;

	for (; rule; rule = rule->next, nr++) {
		size_t len = strnlen(rule->name, sizeof(rule->name));

		check(len > 0 && len < sizeof(rule->name));
		check(!rule->has_uid || rule->uid != UINT32_MAX);
		check(!rule->is_bound || (syscall_set_has(&rule->calls, ROW_exit) &&
					  syscall_set_has(&rule->calls, ROW_exit_group)));
		check(!syscall_set_has(&rule->calls, ROW_NONE));
		for (unsigned row = NR_ROWS; row < SYSCALL_ROWS_MAX; row++) {
			check(!syscall_set_has(&rule->calls, row));
		}
	}
	check(nr <= POLICY_RULES_MAX && nr == fake_pool_nr_objects());
}

/* The place exists: that line, and no column further than one past its end. */
static void check_error(const struct policy_error *error, const char *text, size_t size)
{
	unsigned line = 1;
	size_t start = 0, end;

	for (size_t i = 0; i < size && line < error->line; i++) {
		line += text[i] == '\n';
		start = i + 1;
	}
	for (end = start; end < size && text[end] != '\n'; end++) {}
	check(line == error->line && error->column >= 1 && error->column <= end - start + 1);
	check(strnlen(error->message, sizeof(error->message)) < sizeof(error->message));
	for (const char *at = error->message; *at; at++) {
		check(*at >= ' ' && *at <= '~');
	}
	check(fake_pool_nr_objects() == 0);
}

/* The first byte says which allocation fails. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct policy_rule *rules = NULL;
	struct policy_error error = { 0 };
	status_t status;

	if (!size) {
		return 0;
	}
	fake_pool_fail_after(data[0] < 128 ? data[0] : -1);
	status = policy_parse((struct policy_text){ (const char *)data + 1, size - 1 }, NULL,
			      &rules, &error);
	if (status == STATUS_OK) {
		check_rules(rules);
	} else {
		check(status == STATUS_EINVAL ||
		      (status == STATUS_ENOMEM && fake_pool_has_failed()));
		check(!rules);
		check_error(&error, (const char *)data + 1, size - 1);
	}
	fake_pool_clear();
	return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *data, size_t size_max)
{
	static const char *const seeds[] = {
		"\xffset io read write\nprogram one\n\tuid 1000\n\tallow @io\n\tdeny fork # x\n",
		"\x02set a all\nset b @a getpid\nprogram two\ndeny @b\nprogram three\nallow exit\n",
		"\xffprogram a\nuid 4294967294\nallow read\nallow write\n",
	};
	size_t len;

	if (index >= ARRAY_SIZE(seeds)) {
		return 0;
	}
	len = strlen(seeds[index]);
	check(len <= size_max);
	memcpy(data, seeds[index], len);
	return len;
}
