/* The policy: enforced, exchanged while programs run, and never half. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "cpus.h"
#include "memory.h"
#include "tap.h"

enum {
	CODE_BOOT = 11,   /* refused, as uid 1001: etc/policy */
	CODE_STRICT = 12, /* the same as uid 1002: etc/policy-strict */
	CODE_CAGE = 13,   /* and as uid 1003: etc/policy-cage */
	CODE_CHILD = 30,  /* may fork, but its child may not ask for its parent: etc/policy-door */
	CODE_CAUGHT = 42,
	NR_CALLS = 20,
	NR_SWAPS = 10,
	NR_SWAPS_LONG = 40,
	LEAK_MAX = 256, /* frames: less than that many policies would hold */
};
#define BOOT_FILE "etc/policy"
#define STRICT_FILE "etc/policy-strict"
#define CAGE_FILE "etc/policy-cage"
#define DOOR_FILE "etc/policy-door"
#define CAGED "/bin/caged"
#define UNCAGED "/bin/uncaged"

static volatile int *stop;

static int exec_caged(void *argument)
{
	char *const argv[] = { "caged", argument, NULL };

	execv("/bin/caged", argv);
	return 1;
}

static int run_caged(char *argument) { return child_exit_code(child_run(exec_caged, argument)); }

static int exec_vector(void *argv)
{
	char *const *arguments = argv;

	execv(arguments[0], arguments);
	return 1;
}

/* Programs by their paths, each of which becomes the next. */
static int run_chain(const char *first, const char *second, const char *third)
{
	char *argv[] = { (char *)first,         "exec",        (char *)second,
			 third ? "exec" : NULL, (char *)third, NULL };

	return child_exit_code(child_run(exec_vector, second ? argv : (char *[]){ argv[0], NULL }));
}

static long load(const char *path)
{
	struct bw_policy_error error;

	return bw_policy_load(path, &error);
}

static uint64_t nr_refused(void)
{
	static const char *const names[] = {
#define COUNTER(name, help) #name,
#include "abi/counters.def"
#undef COUNTER
	};
	enum { NR = sizeof(names) / sizeof(names[0]) };
	uint64_t values[NR] = { 0 };

	bw_counters(-1, values, sizeof(values));
	for (int i = 0; i < NR; i++) {
		if (strcmp(names[i], "policy_refused") == 0) {
			return values[i];
		}
	}
	return 0;
}

static bool is_in_force(const char *path)
{
	struct bw_policy_rule rule;

	return bw_policy_rule(0, &rule) == 0 && strcmp(rule.path, path) == 0 &&
	       strcmp(rule.program, "caged") == 0;
}

static void test_enforced(void)
{
	char many[] = "20";
	uint64_t before = nr_refused();

	tap_is(run_caged(NULL), CODE_BOOT,
	       "a call outside the policy is EPERM, and the uid is the policy's");
	tap_is((long)(nr_refused() - before), 1, "the call is counted");
	before = nr_refused();
	run_caged(many);
	tap_is((long)(nr_refused() - before), NR_CALLS, "and so is each of many");
}

static void test_refused_files(void)
{
	struct bw_policy_error error = { 0 };

	tap_is(bw_policy_load("etc/policy-broken", &error), -EINVAL, "a broken policy is refused");
	tap_ok(error.line == 4 && error.column == 14 &&
		       strcmp(error.message, "there is no system call 'wrote'") == 0,
	       "with line, column and reason: %u:%u: %s", error.line, error.column, error.message);
	tap_ok(is_in_force(BOOT_FILE) && run_caged(NULL) == CODE_BOOT, "the one before stays");
	tap_is(bw_policy_load("bin/caged", &error), -EINVAL,
	       "so it does where a file is no policy");
	tap_is(load("etc/no-such-policy"), -ENOENT, "or there is no such file");
	tap_is(bw_policy_load((const char *)1, &error), -EFAULT, "or the path is none");
	tap_is(bw_policy_load(STRICT_FILE, (void *)-4096), -EFAULT, "or the answer has no place");
	tap_ok(is_in_force(BOOT_FILE), "and it is still the one before");
}

static int as_user(void *unused)
{
	struct bw_policy_rule rule;

	(void)unused;
	return setuid(1000) == 0 && load(STRICT_FILE) == -EPERM &&
			       bw_policy_rule(0, &rule) == -EPERM
		       ? 0
		       : 1;
}

static void test_loaded(void)
{
	struct bw_audit audit;
	char wait[] = "wait";
	pid_t child = fork();

	if (child == 0) {
		_exit(exec_caged(wait));
	}
	usleep(50000);
	tap_ok(bw_audit(&audit) == 0 && audit.nr_violations == 0,
	       "the audit is clean while a program runs as its rule's user");
	tap_is(load(STRICT_FILE), 0, "another policy is loaded");
	tap_ok(is_in_force(STRICT_FILE), "and is in force");
	tap_is(child_exit_code(child_wait(child)), CODE_CAUGHT,
	       "also for a program that runs already");
	tap_is(run_caged(NULL), CODE_STRICT, "and for those that come");
	tap_is(load(BOOT_FILE), 0, "the first one is loaded again");
	tap_is(run_caged(NULL), CODE_BOOT, "and is in force");
}

static void test_inherited(void)
{
	char thread[] = "thread";

	tap_is(load(CAGE_FILE), 0, "a policy whose cage allows execve");
	tap_is(run_caged(thread), CODE_CAGE, "its threads are bound, too");
	tap_is(run_chain(UNCAGED, NULL, NULL), 0, "a program that has no rule is free");
	tap_is(run_chain(CAGED, UNCAGED, NULL), CODE_CAGE,
	       "but not one that the caged program becomes");
	tap_is(run_chain(CAGED, UNCAGED, UNCAGED), CODE_CAGE, "nor one that that becomes");
	tap_is(run_chain(UNCAGED, CAGED, UNCAGED), CODE_CAGE, "nor one that was free before");
	tap_is(load(DOOR_FILE), 0, "a policy that gives it a rule of its own");
	tap_is(run_chain(CAGED, UNCAGED, NULL), CODE_CHILD,
	       "then it is under that alone, and so is its child");
	tap_is(run_chain(CAGED, UNCAGED, CAGED), CODE_CAGE, "and the caged one under its own");
	tap_is(load(BOOT_FILE), 0, "the first one is loaded again");
}

/* 1: a program ran under neither policy. */
static int work(void)
{
	while (!*stop) {
		int code = run_caged(NULL);

		if (code != CODE_BOOT && code != CODE_STRICT) {
			return 1;
		}
	}
	return 0;
}

static bool swap_often(int nr_swaps)
{
	bool all = true;

	for (int i = 0; i < nr_swaps; i++) {
		all = load(i % 2 != 0 ? BOOT_FILE : STRICT_FILE) == 0 && all;
		usleep(2000);
	}
	return all;
}

static void test_swapped_under_load(int nr_swaps)
{
	int nr = 2 * cpus_count() > 16 ? 16 : 2 * cpus_count();
	uint64_t before = memory_nr_free(), after;
	pid_t workers[16];
	bool all = true;

	stop = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < nr; i++) {
		workers[i] = fork();
		if (workers[i] == 0) {
			_exit(work());
		}
	}
	tap_ok(swap_often(nr_swaps),
	       "policies are exchanged while programs start on all processors");
	*stop = 1;
	for (int i = 0; i < nr; i++) {
		all = child_exit_code(child_wait(workers[i])) == 0 && all;
	}
	tap_ok(all, "each program runs under one of them");
	munmap((void *)stop, BW_PAGE_SIZE);
	after = memory_nr_free();
	tap_ok(after + LEAK_MAX > before, "the old ones are gone: %ld frames fewer are free",
	       (long)(before - after));
}

int main(int argc, char **argv)
{
	struct bw_audit audit;

	(void)argv;
	test_enforced();
	test_refused_files();
	tap_is(child_exit_code(child_run(as_user, NULL)), 0, "only root may load or see one");
	test_loaded();
	test_inherited();
	test_swapped_under_load(tap_rounds(argc, NR_SWAPS, NR_SWAPS_LONG));
	tap_ok(bw_audit(&audit) == 0 && audit.nr_violations == 0, "the audit is clean");
	return tap_done();
}
