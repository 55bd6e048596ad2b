/* Runs an attack as an ordinary user, and collects what the kernel saw. */
#include "attack_run.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "attack.h"

enum { EXIT_NO_JOB = 124, EXIT_NO_UID = 125, EXIT_NO_PROGRAM = 126, CONTROL_TRIES = 8 };

static _Noreturn void become_attack(char *const argv[], enum attack_voice voice)
{
	char path[128];

	if (bw_job_begin(BW_JOB_ATTACK) != 0) {
		_exit(EXIT_NO_JOB);
	}
	if (setuid(ATTACKER_UID) != 0) {
		_exit(EXIT_NO_UID);
	}
	if (voice == ATTACK_QUIET) {
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
	}
	snprintf(path, sizeof(path), "/bin/%s", argv[0]);
	execv(path, argv);
	_exit(EXIT_NO_PROGRAM);
}

/* From now on the console shows text as the inside of a JSON string, or no longer. */
static void console_quote(bool on)
{
	struct termios settings;

	fflush(stdout);
	if (tcgetattr(STDOUT_FILENO, &settings) == 0) {
		settings.c_oflag &= ~BW_OUTPUT_QUOTED;
		settings.c_oflag |= on ? BW_OUTPUT_QUOTED : 0;
		tcsetattr(STDOUT_FILENO, TCSANOW, &settings);
	}
}

/*
 * Blocks until all that belongs to the attack has ended: nothing of it writes between what comes
 * behind. Without a witness there is no verdict: then why, else NULL.
 */
static const char *run_in_foreground(char *const argv[], enum attack_voice voice,
				     struct attack_result *result)
{
	const char *complaint = NULL;
	pid_t child;

	console_quote(voice == ATTACK_QUOTED);
	child = fork();
	if (child == 0) {
		become_attack(argv, voice);
	}
	if (child < 0) {
		complaint = "it could not be started";
	} else {
		waitpid(child, &result->wait_status, 0);
		if (bw_report(child, &result->report) < 0 ||
		    bw_attack_end(child, &result->attack) < 0) {
			complaint = "the kernel has no record of it";
		}
		bw_foreground_end();
	}
	console_quote(false);
	return complaint;
}

/* It is not run, and ends as one that says so itself. */
static bool is_skipped(struct attack_result *result)
{
	struct bw_option option;
	const char *why = result->row != NULL ? attack_lacks(result->row, &option) : NULL;

	if (why == NULL) {
		return false;
	}
	result->report.end = BW_END_EXIT;
	result->wait_status = ATTACK_EXIT_SKIP << 8;
	snprintf(result->observed, sizeof(result->observed), "%s=%s: %s", option.name, option.value,
		 why);
	return true;
}

static void run_once(char *const argv[], enum attack_voice voice, struct attack_result *result)
{
	const char *complaint;

	memset(result, 0, sizeof(*result));
	result->name = argv[0];
	result->row = attack_row_find(argv[0]);
	complaint = is_skipped(result) ? NULL : run_in_foreground(argv, voice, result);
	if (complaint != NULL) {
		/* what this status leads to is ERROR */
		result->report.end = BW_END_KILLED;
		snprintf(result->observed, sizeof(result->observed), "%s", complaint);
	}
	if (bw_audit(&result->audit) < 0) {
		result->audit.nr_violations = 1;
		strcpy(result->audit.first, "the audit did not run");
	}
	attack_judge(result);
}

/*
 * Positive control has a few tries where several processors take part: what such an attack lives
 * of, a translation that is still in a TLB, the processor may drop at any time. So has an attack
 * that could not be tried, the next frame having come from elsewhere, where it should be possible.
 * A defence has to hold at the first.
 */
static bool deserves_another_try(const struct attack_result *result)
{
	if (result->row == NULL || result->row->nr_cpus < 2 || result->as_expected) {
		return false;
	}
	return result->expected.outcome == OUTCOME_BREACH || result->outcome == OUTCOME_SKIP;
}

void attack_run(char *const argv[], enum attack_voice voice, struct attack_result *result)
{
	unsigned int nr_tries = 0;

	do {
		run_once(argv, voice, result);
		result->nr_tries = ++nr_tries;
	} while (nr_tries < CONTROL_TRIES && deserves_another_try(result));
}
