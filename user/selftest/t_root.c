/*
 * What root alone may do: refused to all others, and to root where it is asked for nonsense; then
 * nothing has changed. And what else has errors or limits that no other test asks for.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum { SOMEBODY = 1000, NO_PID = 32767, WORDS_MAX = 1024, INPUT_MAX = 4096, NR_LIMITS = 16 };

static struct bw_audit audit;
static struct bw_attack attack;
static struct bw_report report;
static struct bw_policy_error policy_error;
static struct bw_policy_rule rule;
static char no_words[] = "", long_words[WORDS_MAX + 1], long_input[2 * INPUT_MAX];

/* ---- Refused to others ---- */

#define P(x) ((long)(x))

static const struct {
	const char *name;
	long number, arguments[3];
} of_root[] = {
	{ "audit", BW_NR_audit, { P(&audit) } },
	{ "report", BW_NR_report, { NO_PID, P(&report) } },
	{ "power_off", BW_NR_power_off, { 0 } },
	{ "mitigate", BW_NR_mitigate, { 1 } },
	{ "policy_load", BW_NR_policy_load, { P("/etc/none"), P(&policy_error) } },
	{ "policy_rule", BW_NR_policy_rule, { 0, P(&rule) } },
	{ "reboot", BW_NR_reboot, { P(no_words), P(no_words) } },
	{ "foreground_end", BW_NR_foreground_end, { 0 } },
	{ "job_begin", BW_NR_job_begin, { BW_JOB_ORDINARY } },
	{ "attack_end", BW_NR_attack_end, { NO_PID, P(&attack) } },
	{ "kill of another's", SYS_kill, { 1, 0 } },
	{ "setuid to root", SYS_setuid, { 0 } },
};

enum { NR_OF_ROOT = sizeof(of_root) / sizeof(of_root[0]) };

/* The number of the first call that is not refused, from 1. */
static int call_as_somebody(void *unused)
{
	(void)unused;
	if (setuid(SOMEBODY) != 0) {
		return NR_OF_ROOT + 1;
	}
	for (int i = 0; i < NR_OF_ROOT; i++) {
		const long *a = of_root[i].arguments;

		if (syscall(of_root[i].number, a[0], a[1], a[2]) != -1 || errno != EPERM) {
			return i + 1;
		}
	}
	return 0;
}

static void test_others(void)
{
	int first = child_exit_code(child_run(call_as_somebody, NULL));

	if (!tap_is(first, 0, "what root alone may do is EPERM for others") && first > 0 &&
	    first <= NR_OF_ROOT) {
		tap_note("the first that is not: %s", of_root[first - 1].name);
	}
}

/* ---- Nonsense ---- */

static void test_reboot(void)
{
	tap_is(bw_reboot("xpfo=sideways", ""), -EINVAL, "no reboot with a value that is none");
	tap_is(bw_reboot("nosuch=on", ""), -EINVAL, "nor with an option that is none");
	tap_is(bw_reboot("xpfo=off xpfo=sync", ""), -EINVAL, "nor with one twice");
	tap_is(bw_reboot("cmd=true", ""), -EINVAL, "nor with a command");
	memset(long_words, ' ', WORDS_MAX);
	tap_is(bw_reboot(long_words, ""), -ENAMETOOLONG, "nor with endless words");
	memset(long_input, 'x', sizeof(long_input) - 1);
	tap_ok(bw_reboot("", long_input) < 0, "nor with endless input");
}

static void test_nonsense(void)
{
	tap_is(bw_call_mitigate(2), -EINVAL, "mitigate: neither on nor off is EINVAL");
	tap_is(bw_call_report(NO_PID, P(&report)), -ESRCH, "report: no such process is ESRCH");
	tap_is(bw_call_job_begin(99), -EINVAL, "job_begin: no such kind is EINVAL");
	tap_is(bw_call_attack_end(NO_PID, P(&attack)), -ESRCH, "attack_end: no attack is ESRCH");
	tap_is(bw_policy_load("/etc/none", &policy_error), -ENOENT,
	       "policy_load: no such file is ENOENT");
	tap_is(bw_policy_rule(BW_CALL_ROWS * 1000u, &rule), -ENOENT,
	       "policy_rule: no such rule is ENOENT");
}

static void test_boot_command(void)
{
	char words[WORDS_MAX];
	long len = bw_boot_command(words, sizeof(words));

	tap_ok(len >= 0 && bw_boot_command(words, (size_t)len) == len,
	       "boot_command: room for the command alone is enough");
	if (len == 0) {
		tap_skip("boot_command: a byte less is ERANGE", "there is no command");
		return;
	}
	tap_is(bw_boot_command(words, (size_t)len - 1), -ERANGE,
	       "boot_command: a byte less is ERANGE");
	tap_is(bw_boot_command((char *)1, sizeof(words)), -EFAULT,
	       "boot_command: a buffer that is none is EFAULT");
}

/* ---- Limits ---- */

static void test_limits(void)
{
	struct rlimit limit, lower;

	tap_ok(syscall(SYS_getrlimit, NR_LIMITS - 1, &limit) == 0 &&
		       syscall(SYS_prlimit64, 0, NR_LIMITS - 1, NULL, &limit) == 0,
	       "the last limit can be read");
	tap_ok(syscall(SYS_setrlimit, NR_LIMITS - 1, &limit) == 0 &&
		       syscall(SYS_prlimit64, 0, NR_LIMITS - 1, &limit, NULL) == 0,
	       "and set to what it is");
	tap_ok(syscall(SYS_getrlimit, NR_LIMITS, &limit) == -1 && errno == EINVAL,
	       "getrlimit: there is none behind it");
	tap_ok(syscall(SYS_setrlimit, NR_LIMITS, &limit) == -1 && errno == EINVAL,
	       "setrlimit: nor is it set");
	tap_ok(syscall(SYS_prlimit64, 0, NR_LIMITS, &limit, NULL) == -1 && errno == EINVAL,
	       "prlimit64: nor is it set");
	lower = (struct rlimit){ limit.rlim_cur / 2, limit.rlim_max };
	tap_ok(syscall(SYS_setrlimit, NR_LIMITS - 1, &lower) == -1 && errno == EPERM,
	       "another limit than there is is EPERM");
	lower = (struct rlimit){ limit.rlim_max, limit.rlim_max / 2 };
	tap_ok(syscall(SYS_setrlimit, NR_LIMITS - 1, &lower) == -1 && errno == EINVAL,
	       "one above its own most is EINVAL");
}

/* ---- The console ---- */

static bool settings_get(struct termios *settings)
{
	return syscall(SYS_ioctl, 0, TCGETS, settings) == 0;
}

/* Sets output flags, and puts back what was: how it became, or 0 where that failed. */
static tcflag_t output_with(tcflag_t changed)
{
	struct termios before, settings, after = { 0 };

	if (!settings_get(&before)) {
		return 0;
	}
	settings = before;
	settings.c_oflag ^= changed;
	if (syscall(SYS_ioctl, 0, TCSETS, &settings) != 0 || !settings_get(&after) ||
	    syscall(SYS_ioctl, 0, TCSETS, &before) != 0) {
		return 0;
	}
	return after.c_oflag ^ before.c_oflag;
}

static int output_as_somebody(void *unused)
{
	(void)unused;
	return setuid(SOMEBODY) == 0 && output_with(ONLCR) == ONLCR &&
			       output_with(ONLCR | BW_OUTPUT_QUOTED) == ONLCR
		       ? 0
		       : 1;
}

static void test_console(void)
{
	tap_ok(output_with(ONLCR) == ONLCR, "root changes how the console shows lines");
	tap_ok(output_with(BW_OUTPUT_QUOTED) == BW_OUTPUT_QUOTED, "and has it quote what it shows");
	tap_is(child_exit_code(child_run(output_as_somebody, NULL)), 0,
	       "others change the first alone");
}

/* ---- Nothing has changed ---- */

static void test_zombie(void)
{
	pid_t child = fork();

	if (child == 0) {
		_exit(0);
	}
	usleep(20000);
	tap_ok(bw_audit(&audit) == 0 && audit.nr_violations == 0,
	       "the audit is clean while a process has ended that none waited for");
	tap_is(child_exit_code(child_wait(child)), 0, "which is waited for then");
}

int main(void)
{
	test_others();
	test_reboot();
	test_nonsense();
	test_boot_command();
	test_limits();
	test_console();
	test_zombie();
	return tap_done();
}
