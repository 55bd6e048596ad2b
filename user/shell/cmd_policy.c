/* `policy`: shows which program may make which calls, or puts another policy in force. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bulwark.h"
#include "command.h"
#include "json.h"

/* By row: 0 is no call's. */
static const char *const calls[] = {
	"",
#define SYSCALL(number, name, nr_arguments) #name,
#define SYSCALL_WITH_REGS(number, name, nr_arguments) #name,
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
};
enum { NR_ROWS = sizeof(calls) / sizeof(calls[0]), LINE_WIDTH = 100 };

static bool allows(const struct bw_policy_rule *rule, unsigned int row)
{
	return rule->calls[row / 64] >> (row % 64) & 1;
}

static unsigned int nr_allowed(const struct bw_policy_rule *rule)
{
	unsigned int nr = 0;

	for (unsigned int row = 1; row < NR_ROWS; row++) {
		nr += allows(rule, row);
	}
	return nr;
}

/* The shorter of the two lists: of what is allowed, or of what is not. */
static void print_calls(const struct bw_policy_rule *rule)
{
	bool is_allow = nr_allowed(rule) < NR_ROWS / 2;
	int column = printf("  %s", is_allow ? "allow" : "deny ");

	for (unsigned int row = 1; row < NR_ROWS; row++) {
		if (allows(rule, row) != is_allow) {
			continue;
		}
		if (column + (int)strlen(calls[row]) >= LINE_WIDTH) {
			column = printf("\n       ") - 1;
		}
		column += printf(" %s", calls[row]);
	}
	putchar('\n');
}

static void print_rule(const struct bw_policy_rule *rule)
{
	printf("program %s\n", rule->program);
	if (rule->has_uid) {
		printf("  uid %" PRIu32 "\n", rule->uid);
	}
	if (rule->is_bound) {
		print_calls(rule);
	}
}

static void print_rule_json(const struct bw_policy_rule *rule, bool is_first)
{
	const char *separator = "";

	fputs(is_first ? "{\"program\": " : ", {\"program\": ", stdout);
	json_string(stdout, rule->program);
	if (rule->has_uid) {
		printf(", \"uid\": %" PRIu32, rule->uid);
	}
	if (rule->is_bound) {
		fputs(", \"calls\": [", stdout);
		for (unsigned int row = 1; row < NR_ROWS; row++) {
			if (allows(rule, row)) {
				fputs(separator, stdout);
				json_string(stdout, calls[row]);
				separator = ", ";
			}
		}
		putchar(']');
	}
	putchar('}');
}

static int show(bool json)
{
	struct bw_policy_rule rule = { 0 };
	unsigned int index = 0;
	long status;

	for (; (status = bw_policy_rule(index, &rule)) == 0; index++) {
		if (index == 0) {
			fputs(json ? "{\"file\": " : "# ", stdout);
			json ? json_string(stdout, rule.path) : (void)puts(rule.path);
			fputs(json ? ", \"programs\": [" : "", stdout);
		}
		if (json) {
			print_rule_json(&rule, index == 0);
		} else {
			print_rule(&rule);
		}
	}
	if (status != -ENOENT) {
		fprintf(stderr, "policy: %s\n", strerror((int)-status));
		return 1;
	}
	if (json) {
		puts(index == 0 ? "{\"programs\": []}" : "]}");
	} else if (index == 0) {
		puts("no rules: every program may make every call");
	}
	return 0;
}

static int load(const char *path)
{
	struct bw_policy_error error = { 0 };
	long status = bw_policy_load(path, &error);

	if (status == -EINVAL) {
		fprintf(stderr, "policy: %s:%" PRIu32 ":%" PRIu32 ": %s\n", path, error.line,
			error.column, error.message);
	} else if (status < 0) {
		fprintf(stderr, "policy: %s: %s\n", path, strerror((int)-status));
	}
	return status < 0 ? 1 : 0;
}

int cmd_policy(int argc, char *const argv[])
{
	bool json = argc == 2 && (strcmp(argv[1], "-j") == 0 || strcmp(argv[1], "--json") == 0);

	if (argc == 1 || json) {
		return show(json);
	}
	if (argc == 3 && strcmp(argv[1], "load") == 0) {
		return load(argv[2]);
	}
	return command_usage("policy");
}
