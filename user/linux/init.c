/*
 * The first process of a Linux that tools/bench-linux boots: says what it runs on, runs the lines
 * of /commands one after the other, and restarts the machine, which ends the emulator.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, WORDS_MAX = 16 };

static char line[LINE_MAX_BYTES];

/* The first line of a file that begins with a word: in `line`, without its end. */
static bool find_line(const char *path, const char *word)
{
	FILE *file = fopen(path, "r");
	bool is_found = false;

	while (file != NULL && !is_found && fgets(line, sizeof(line), file) != NULL) {
		is_found = strncmp(line, word, strlen(word)) == 0;
	}
	if (file != NULL) {
		fclose(file);
	}
	line[strcspn(line, "\n")] = '\0';
	return is_found;
}

static void say_line(const char *what, const char *path, const char *word)
{
	if (find_line(path, word)) {
		printf("linux: %s: %s\n", what, line);
	}
}

/* Only the flag tells: a processor that needs no isolation is "not affected" either way. */
static void say_pti(void)
{
	bool is_on = find_line("/proc/cpuinfo", "flags") && strstr(line, " pti ") != NULL;

	printf("linux: pti: %s\n", is_on ? "on" : "off");
}

static void say_facts(void)
{
	static const char *const bugs[] = { "meltdown", "spectre_v1", "spectre_v2",
					    "spec_store_bypass", "retbleed" };
	struct utsname names;
	char path[LINE_MAX_BYTES];

	uname(&names);
	printf("linux: version: %s %s\n", names.release, names.version);
	say_line("command line", "/proc/cmdline", "");
	say_line("processor", "/proc/cpuinfo", "model name");
	say_line("vendor", "/proc/cpuinfo", "vendor_id");
	say_line("memory", "/proc/meminfo", "MemTotal");
	say_pti();
	for (unsigned int i = 0; i < sizeof(bugs) / sizeof(bugs[0]); i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/vulnerabilities/%s", bugs[i]);
		say_line(bugs[i], path, "");
	}
}

static void run(char *command)
{
	char *words[WORDS_MAX + 1] = { 0 };
	unsigned int nr = 0;
	int status = -1;
	pid_t child;

	for (char *word = strtok(command, " \n"); word != NULL && nr < WORDS_MAX;
	     word = strtok(NULL, " \n")) {
		words[nr++] = word;
	}
	if (nr == 0) {
		return;
	}
	child = fork();
	if (child == 0) {
		execv(words[0], words);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
		printf("linux: status %#x of %s\n", (unsigned int)status, words[0]);
	}
}

int main(void)
{
	char command[LINE_MAX_BYTES];
	FILE *commands;

	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	say_facts();
	commands = fopen("/commands", "r");
	while (commands != NULL && fgets(command, sizeof(command), commands) != NULL) {
		run(command);
	}
	printf("linux: end\n");
	fflush(stdout);
	sync();
	reboot(RB_AUTOBOOT);
	return EXIT_FAILURE;
}
