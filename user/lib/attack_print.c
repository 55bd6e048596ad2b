/* Tells the result of an attack, to people and to programs. */
#include "attack_run.h"

#include <string.h>

#include "json.h"
#include "report.h"

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

const char *attack_expected_name(const struct attack_result *result)
{
	return result->row == NULL ? "-" : attack_outcome_name(result->expected.outcome);
}

static void print_verdict(const struct attack_result *result)
{
	printf("%s: %s ", result->name, attack_outcome_name(result->outcome));
	if (result->row == NULL) {
		printf("(no expectation)\n");
	} else {
		printf("(expected %s)\n", attack_outcome_name(result->expected.outcome));
	}
}

static void print_hint(const struct attack_result *result)
{
	char options[128];

	if (result->row == NULL || !result->as_expected || result->outcome == OUTCOME_BREACH) {
		return;
	}
	attack_options_to_succeed(result->row, options, sizeof(options));
	printf("to see it succeed: make run ");
	if (result->row->nr_cpus > 1) {
		printf("SMP=%u ", result->row->nr_cpus);
	}
	printf("OPTS='%s' CMD='attack %s'\n", options, result->name);
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
		", \"proofs\": %u, \"killed\": %u",
		result->report.uid_first, result->report.uid_last, truth(facts, BW_FACT_FLAG),
		truth(facts, BW_FACT_BASE), truth(facts, BW_FACT_SEALED),
		truth(facts, BW_FACT_OTHER_USER), truth(facts, BW_FACT_FORBIDDEN_CALL),
		result->attack.nr_proofs, result->attack.nr_killed);
	fprintf(out, ", \"audit_violations\": %lu", result->audit.nr_violations);
	json_field(out, "audit_first", result->audit.first);
	json_field(out, "report", result->report.text);
	fprintf(out, ", \"fault\": %s",
		result->report.fault_json[0] != '\0' ? result->report.fault_json : "null");
}

/* What the attack says comes while it runs, so the object begins before. */
void attack_run_json(char *const argv[], struct attack_result *result)
{
	fputs("{\"attack\": ", stdout);
	json_string(stdout, argv[0]);
	fputs(", \"said\": \"", stdout);
	attack_run(argv, ATTACK_QUOTED, result);
	fputc('"', stdout);
	print_json(result, stdout);
	fputc('}', stdout);
}
