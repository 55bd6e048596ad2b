/*
 * Running an attack and judging it. The outcome is what the kernel witnessed, the expectation is
 * computed from attacks.def and the options in force, and only their agreement counts as success.
 */
#pragma once

#include <stdio.h>

#include "bulwark.h"
#include "colour.h"

enum { ATTACKER_UID = 1000 };

enum attack_outcome {
	OUTCOME_BREACH,  /* the kernel saw a fact: enum bw_fact */
	OUTCOME_FAULT,   /* an in-kernel fault ended it */
	OUTCOME_DENIED,  /* the kernel refused the vulnerable call */
	OUTCOME_NOTHING, /* it came back without effect */
	OUTCOME_SKIP,    /* it cannot be tried here */
	OUTCOME_ERROR,   /* the test is broken: says nothing about the defence */
	NR_OUTCOMES,
};

/* One row of attacks.def, or a program of the folder given as EXTRA. */
struct attack_row {
	const char *name;
	const char *brief;
	const char *stopped_by; /* NULL: it has no row, and nothing is expected of it */
	enum attack_outcome when_stopped;
	unsigned int nr_cpus; /* SKIP where the machine has fewer */
};

struct attack_expectation {
	enum attack_outcome outcome;
	char stopped_by[64]; /* the alternative in force: "xpfo=sync"; empty where none is */
};

/* What happened to one attack, and whether it had to. */
struct attack_result {
	const char *name;
	const struct attack_row *row;       /* NULL for a program that has none */
	struct attack_expectation expected; /* where there is a row */
	enum attack_outcome outcome;
	char observed[96]; /* the outcome in words */
	bool as_expected;
	unsigned int nr_tries; /* the last one counts */
	int wait_status;
	struct bw_report report; /* of its first process */
	struct bw_attack attack; /* what all of its processes achieved */
	struct bw_audit audit;   /* of the machine, after the attack */
};

enum attack_voice {
	ATTACK_ALOUD,
	ATTACK_QUIET,  /* its output is dropped */
	ATTACK_QUOTED, /* its output is shown as the inside of a JSON string, the first 2 KiB of it
			*/
};

/* ---- The table (attack_table.c, attack_extras.c) ---- */

/* The museum's, then those of EXTRA. */
size_t attack_count(void);
const struct attack_row *attack_at(size_t index);
bool attack_is_extra(size_t index);

/* attack_extras.c, or what the build with EXTRA puts in its place. */
extern const struct attack_row attack_extras[];
extern const size_t nr_attack_extras;

/* The row of this name, of either; NULL where there is none. */
const struct attack_row *attack_row_find(const char *name);
/* "BREACH" and so on. */
const char *attack_outcome_name(enum attack_outcome outcome);
enum colour attack_outcome_colour(enum attack_outcome outcome);
/* "XPFO" and so on for an enum bw_defence; "none" for BW_DEFENCE_NONE. */
const char *attack_defence_name(uint32_t defence);

/* ---- The expectation (expect.c) ---- */

/* What this attack must end in under the options in force, on this machine. */
void attack_expect(const struct attack_row *row, struct attack_expectation *expectation);
/* Why it cannot be tried with the options in force, by needs.def, and the option that is at fault;
 * NULL: it can. */
const char *attack_lacks(const struct attack_row *row, struct bw_option *option);
/*
 * The options under which it succeeds, as words of a command line: "xpfo=off vuln=on". False: there
 * are none.
 */
bool attack_options_to_succeed(const struct attack_row *row, char *text, size_t size_bytes);

/* ---- The run (attack_run.c, attack_judge.c) ---- */

/*
 * Blocks. Runs bin/NAME as ATTACKER_UID with the arguments given (argv[0] is its name), asks the
 * kernel how it ended, and judges that. Caller is root.
 */
void attack_run(char *const argv[], enum attack_voice voice, struct attack_result *result);
/* Fills in outcome, observed, expected and as_expected from name, wait_status, report and audit. */
void attack_judge(struct attack_result *result);

/* ---- The telling (attack_print.c) ---- */

/* The fault's explanation, the verdict line, and what goes with it. */
void attack_print(const struct attack_result *result);
/*
 * Blocks. Runs it so many times, and prints all there is to tell of the last run as one JSON
 * object, without a line end, with how often each outcome came up. True: all runs were good.
 */
bool attack_run_json(char *const argv[], unsigned int nr_runs, struct attack_result *result);
/* As expected, and the audit behind it found nothing. */
bool attack_is_good(const struct attack_result *result);
/* The outcome that it must have, or "-" where it has no row. */
const char *attack_expected_name(const struct attack_result *result);
/* What stopped it, in a word: a defence, an option, or "-". */
const char *attack_stopper(const struct attack_result *result);
