/* Tells the result of an attack, to people and to programs. */
#include "attack_run.h"

#include <string.h>

#include "colour.h"
#include "json.h"
#include "report.h"

enum { TERMINAL_COLUMNS = 80 };

const char *attack_stopper(const struct attack_result *result)
{
	if (result->outcome == OUTCOME_FAULT && result->report.defence != BW_DEFENCE_NONE) {
		return attack_defence_name(result->report.defence);
	}
	if (result->row != NULL && result->as_expected && result->outcome != OUTCOME_BREACH) {
		return result->expected.stopped_by;
	}
	if (result->outcome == OUTCOME_DENIED && !bw_option_is("vuln", "on")) {
		return "vuln=off";
	}
	return "-";
}

bool attack_is_good(const struct attack_result *result)
{
	return result->as_expected && result->audit.nr_violations == 0;
}

const char *attack_expected_name(const struct attack_result *result)
{
	return result->row == NULL ? "-" : attack_outcome_name(result->expected.outcome);
}

static void print_verdict(const struct attack_result *result)
{
	printf("%s: %s%s%s ", result->name, colour(attack_outcome_colour(result->outcome)),
	       attack_outcome_name(result->outcome), colour(COLOUR_NONE));
	if (result->row == NULL) {
		printf("(no expectation)\n");
	} else {
		printf("(expected %s)\n", attack_outcome_name(result->expected.outcome));
	}
}

/* A machine that was booted for one command has nobody to type at it, so make boots another. */
static bool is_session(void)
{
	char command[1];

	return bw_boot_command(command, sizeof(command)) == 0;
}

/* Whether a line of this many columns would be cut: a terminal that is one has its width. */
static bool is_too_wide(int columns)
{
	return columns > TERMINAL_COLUMNS && !bw_option_is("console", "plain");
}

/* On a terminal too narrow for all of it the shell that it is pasted into goes on in the next line.
 */
static void print_make_hint(const char *options, const char *name)
{
	int length = snprintf(NULL, 0, "to see it succeed: make run OPTS='%s' CMD='attack %s'",
			      options, name);

	printf("to see it succeed: make run OPTS='%s' %sCMD='attack %s'\n", options,
	       is_too_wide(length) ? "\\\n  " : "", name);
}

/* What is too long to stand behind the words stands in a row of its own, to be copied whole. */
static void print_reboot_hint(const char *options, const char *name)
{
	int length = snprintf(NULL, 0, "to see it succeed: reboot %s; attack %s", options, name);

	printf("to see it succeed:%sreboot %s; attack %s\n", is_too_wide(length) ? "\n  " : " ",
	       options, name);
}

/* A reboot keeps the options that it is not told: this one is in force, mostly. */
static void drop_vuln(char *options)
{
	char *vuln = strstr(options, " vuln=on");

	if (vuln != NULL && bw_option_is("vuln", "on")) {
		*vuln = '\0';
	}
}

static void print_hint(const struct attack_result *result)
{
	char options[128];

	if (result->row == NULL || !result->as_expected || result->outcome == OUTCOME_BREACH ||
	    !attack_options_to_succeed(result->row, options, sizeof(options))) {
		return;
	}
	if (is_session() && result->outcome != OUTCOME_SKIP) {
		drop_vuln(options);
		print_reboot_hint(options, result->name);
	} else {
		print_make_hint(options, result->name);
	}
}

void attack_print(const struct attack_result *result)
{
	if (result->outcome != OUTCOME_BREACH) {
		report_print(&result->report);
	}
	if (!result->as_expected) {
		printf("observed: %s\n", result->observed);
	}
	print_verdict(result);
	if (result->nr_tries > 1) {
		printf("%s: %u tries\n", result->name, result->nr_tries);
	}
	if (result->audit.nr_violations != 0) {
		printf("audit: %lu violations after %s; the first: %s\n",
		       result->audit.nr_violations, result->name, result->audit.first);
	}
	print_hint(result);
}

static void json_field(FILE *out, const char *name, const char *value)
{
	fprintf(out, ", \"%s\": ", name);
	json_string(out, value);
}

static const char *truth(uint32_t facts, enum bw_fact fact)
{
	return facts & fact ? "true" : "false";
}

static void print_json(const struct attack_result *result, FILE *out)
{
	uint32_t facts = result->attack.facts;

	json_field(out, "outcome", attack_outcome_name(result->outcome));
	json_field(out, "expected", attack_expected_name(result));
	json_field(out, "stopped_by", result->expected.stopped_by);
	fprintf(out, ", \"as_expected\": %s", result->as_expected ? "true" : "false");
	fprintf(out, ", \"tries\": %u", result->nr_tries);
	json_field(out, "observed", result->observed);
	json_field(out, "defence", attack_defence_name(result->report.defence));
	fprintf(out, ", \"fault_address\": \"0x%lx\"", result->report.fault_address);
	fprintf(out,
		", \"uid_first\": %u, \"uid_last\": %u, \"flag_proved\": %s, \"base_proved\": %s"
		", \"sealed_changed\": %s, \"other_user\": %s, \"forbidden_call\": %s"
		", \"foreign_page\": %s"
		", \"proofs\": %u, \"killed\": %u",
		result->report.uid_first, result->report.uid_last, truth(facts, BW_FACT_FLAG),
		truth(facts, BW_FACT_BASE), truth(facts, BW_FACT_SEALED),
		truth(facts, BW_FACT_OTHER_USER), truth(facts, BW_FACT_FORBIDDEN_CALL),
		truth(facts, BW_FACT_FOREIGN_PAGE), result->attack.nr_proofs,
		result->attack.nr_killed);
	fprintf(out, ", \"audit_violations\": %lu", result->audit.nr_violations);
	json_field(out, "audit_first", result->audit.first);
	json_field(out, "report", result->report.text);
	fprintf(out, ", \"fault\": %s",
		result->report.fault_json[0] != '\0' ? result->report.fault_json : "null");
}

/* How several runs of one attack ended. */
struct tally {
	unsigned int nr_runs, nr_good;
	unsigned int nr_of[NR_OUTCOMES];
};

static void count(struct tally *tally, const struct attack_result *result)
{
	tally->nr_runs++;
	tally->nr_good += attack_is_good(result);
	tally->nr_of[result->outcome]++;
}

static void print_tally(const struct tally *tally, FILE *out)
{
	fprintf(out, ", \"runs\": %u, \"runs_as_expected\": %u, \"outcomes\": {", tally->nr_runs,
		tally->nr_good);
	for (unsigned int i = 0; i < NR_OUTCOMES; i++) {
		fprintf(out, "%s\"%s\": %u", i > 0 ? ", " : "", attack_outcome_name(i),
			tally->nr_of[i]);
	}
	fputc('}', out);
}

/* What the attack says comes while it runs, so the object begins before. */
bool attack_run_json(char *const argv[], unsigned int nr_runs, struct attack_result *result)
{
	struct tally tally = { 0 };

	fputs("{\"attack\": ", stdout);
	json_string(stdout, argv[0]);
	fputs(", \"said\": \"", stdout);
	while (tally.nr_runs < nr_runs) {
		bool is_last = tally.nr_runs + 1 == nr_runs;

		attack_run(argv, is_last ? ATTACK_QUOTED : ATTACK_QUIET, result);
		count(&tally, result);
	}
	fputc('"', stdout);
	print_json(result, stdout);
	print_tally(&tally, stdout);
	fputc('}', stdout);
	return tally.nr_good == nr_runs;
}
