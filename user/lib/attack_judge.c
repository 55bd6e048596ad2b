/* Judges an attack: the outcome by the kernel's testimony, then whether it had to be so. */
#include "attack_run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "attack.h"

static enum attack_outcome observe(struct attack_result *result, enum attack_outcome outcome,
				   const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts the outcome in words, unless there are some already. */
static enum attack_outcome observe(struct attack_result *result, enum attack_outcome outcome,
				   const char *format, ...)
{
	va_list arguments;

	if (result->observed[0] == '\0') {
		va_start(arguments, format);
		vsnprintf(result->observed, sizeof(result->observed), format, arguments);
		va_end(arguments);
	}
	return outcome;
}

static enum attack_outcome judge_exit(struct attack_result *result, int code)
{
	switch (code) {
	case 0: return observe(result, OUTCOME_NOTHING, "it came back without effect");
	case ATTACK_EXIT_SKIP: return observe(result, OUTCOME_SKIP, "it cannot be tried here");
	case ATTACK_EXIT_DENIED:
		return observe(result, OUTCOME_DENIED, "the vulnerable call was refused");
	default: return observe(result, OUTCOME_ERROR, "it exited with status %d", code);
	}
}

/* Of several facts, the one that says most. */
static const char *fact_in_words(const struct bw_attack *attack)
{
	if (attack->facts & BW_FACT_FLAG) {
		return "it read the kernel's flag";
	}
	if (attack->facts & BW_FACT_BASE) {
		return "it found where the kernel lies";
	}
	if (attack->facts & BW_FACT_SEALED) {
		return "it changed sealed memory";
	}
	if (attack->facts & BW_FACT_FOREIGN_PAGE) {
		return "it held a page of another user's";
	}
	if (attack->facts & BW_FACT_OTHER_USER) {
		return attack->other_uid == 0 ? "it became root" : "it acted as another user";
	}
	return "it made a call that its policy forbids";
}

static enum attack_outcome judge_end(struct attack_result *result)
{
	const struct bw_report *report = &result->report;

	if (result->attack.facts != 0) {
		return observe(result, OUTCOME_BREACH, "%s", fact_in_words(&result->attack));
	}
	switch (report->end) {
	case BW_END_EXIT: return judge_exit(result, WEXITSTATUS(result->wait_status));
	case BW_END_KERNEL_FAULT:
		return observe(result, OUTCOME_FAULT, "an in-kernel fault ended it");
	case BW_END_INSECURE:
		return observe(result, OUTCOME_FAULT,
			       "the kernel could not write its credentials, and ended it");
	case BW_END_USER_FAULT:
		return observe(result, OUTCOME_ERROR, "it died of a fault in user mode at 0x%lx",
			       report->fault_address);
	default:
		return observe(result, OUTCOME_ERROR, "it was killed by signal %d",
			       WTERMSIG(result->wait_status));
	}
}

void attack_judge(struct attack_result *result)
{
	result->outcome = judge_end(result);
	if (result->row == NULL) {
		result->as_expected = result->outcome != OUTCOME_ERROR;
		return;
	}
	attack_expect(result->row, &result->expected);
	result->as_expected = result->outcome == result->expected.outcome;
	/*
	 * Positive control: with nothing in its way an attack that fails is broken, and proves
	 * nothing elsewhere.
	 */
	if (result->expected.outcome == OUTCOME_BREACH && !result->as_expected) {
		result->outcome = OUTCOME_ERROR;
	}
}
