/* Runs programs. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack_run.h"
#include "report.h"
#include "run.h"

static const char directory[] = "bin/";

const char *program_name(const struct bw_archive_entry *entry)
{
	size_t length = strlen(directory);

	if (strncmp(entry->name, directory, length) != 0 || entry->name[length] == '\0' ||
	    strchr(entry->name + length, '/') != NULL) {
		return NULL;
	}
	return entry->name + length;
}

/* A program with a row in the table of attacks is one, however it is started. */
static enum bw_job job_of(const char *name)
{
	return attack_row_find(name) != NULL ? BW_JOB_ATTACK : BW_JOB_ORDINARY;
}

static _Noreturn void become_program(char *const argv[], enum program_user user, char *variable)
{
	char path[256];
	long status = bw_job_begin(job_of(argv[0]));

	if (status != 0) {
		fprintf(stderr, "sh: %s: %s\n", argv[0], strerror((int)-status));
		_exit(STATUS_NOT_EXECUTABLE);
	}

	snprintf(path, sizeof(path), "%s%s", strchr(argv[0], '/') != NULL ? "" : "/bin/", argv[0]);
	if (variable != NULL) {
		putenv(variable);
	}
	if (user == PROGRAM_AS_USER && setuid(ATTACKER_UID) != 0) {
		perror("sh: setuid");
		_exit(STATUS_NOT_EXECUTABLE);
	}
	execv(path, argv);
	if (errno == ENOENT) {
		fprintf(stderr,
			"sh: %s: no such command or program; `help` and `ls bin` list them\n",
			argv[0]);
		_exit(STATUS_NOT_FOUND);
	}
	fprintf(stderr, "sh: %s: %s\n", argv[0], strerror(errno));
	_exit(STATUS_NOT_EXECUTABLE);
}

/* Blocks; an attack's members have all ended then. The child's pid, or -1 where there is none. */
static pid_t run_in_foreground(char *const argv[], enum program_user user, char *variable,
			       struct attack_result *result)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		become_program(argv, user, variable);
	}
	if (child < 0) {
		perror("sh: fork");
		return -1;
	}
	waitpid(child, &result->wait_status, 0);
	bw_report(child, &result->report);
	if (job_of(argv[0]) == BW_JOB_ATTACK) {
		bw_attack_end(child, &result->attack);
	}
	bw_foreground_end();
	return child;
}

static int status_of(int wait_status)
{
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)
				      : STATUS_SIGNAL + WTERMSIG(wait_status);
}

/* Says what is worth saying about a program that has ended. */
static void explain(const char *name, int wait_status, const struct bw_report *report)
{
	if (WIFSIGNALED(wait_status)) {
		if (report->text[0] != '\0') {
			report_print(report);
		}
		printf("%s: ended by signal %d (%s)\n", name, WTERMSIG(wait_status),
		       strsignal(WTERMSIG(wait_status)));
	}
}

int program_run_with(char *const argv[], enum program_user user, char *variable)
{
	struct attack_result result = { .name = argv[0] };

	return run_in_foreground(argv, user, variable, &result) < 0 ? -1 : result.wait_status;
}

int program_run(char *const argv[], enum program_user user)
{
	struct attack_result result = { .name = argv[0], .row = attack_row_find(argv[0]) };
	pid_t child = run_in_foreground(argv, user, NULL, &result);

	if (child < 0) {
		return STATUS_NOT_EXECUTABLE;
	}
	if (result.row != NULL && result.report.vuln_calls > 0) {
		attack_judge(&result);
		attack_print(&result);
	} else {
		explain(argv[0], result.wait_status, &result.report);
	}
	return status_of(result.wait_status);
}
