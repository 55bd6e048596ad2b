/* execve: what it refuses. */
#include "say.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENT_BYTES = 1 << 18, STRINGS = 300001 };

/* What the child executes: this program, at the place that it has on both, which then ends at once
 * (answers.c). */
static char *usual[] = { "answers", NOTHING, NULL }, *none[] = { NULL };
static const char *path = SELF;
static char **arguments = usual, **variables = none;

static void say_path(const char *text) { SAY(execve, text, text, none, none); }

static void execute(void)
{
	switch (CALL(SYS_execve, path, arguments, variables)) {
	case -E2BIG: _exit(100);
	case -ENAMETOOLONG: _exit(101);
	case -EFAULT: _exit(102);
	default: _exit(103);
	}
}

/* The program, by a path that is that long. */
static char *long_path(size_t len)
{
	static char text[8192];
	size_t tail = strlen(SELF);

	for (size_t i = 0; i + tail < len; i += 2) {
		memcpy(text + i, "/.", 2);
	}
	memcpy(text + len - tail, SELF, tail + 1);
	return text;
}

static void say_path_bytes(size_t len)
{
	char what[64];

	snprintf(what, sizeof(what), "a path of %zu bytes, of short parts", len);
	path = long_path(len);
	say_end("execve", what, execute);
	path = SELF;
}

static void say_argument_bytes(size_t len)
{
	static char text[ARGUMENT_BYTES];
	char what[64];
	char *with[] = { "answers", NOTHING, text, NULL };

	memset(text, 'x', len);
	text[len] = '\0';
	arguments = with;
	snprintf(what, sizeof(what), "an argument of %zu bytes", len);
	say_end("execve", what, execute);
	arguments = usual;
	variables = with + 2;
	snprintf(what, sizeof(what), "a variable of %zu bytes", len);
	say_end("execve", what, execute);
	variables = none;
}

static void say_strings(size_t nr)
{
	static char *strings[STRINGS];
	char what[64];

	for (size_t i = 0; i < nr; i++) {
		strings[i] = NOTHING;
	}
	strings[nr] = NULL;
	snprintf(what, sizeof(what), "%zu arguments", nr);
	arguments = strings;
	say_end("execve", what, execute);
	arguments = usual;
}

static void say_sizes(void)
{
	char *wrong[] = { (char *)8, NULL };

	for (size_t i = 0; i < 2; i++) {
		say_path_bytes(i ? 254 : 100);
		say_argument_bytes(i ? 11000 : 100);
		say_strings(i ? 390 : 10);
	}
	say_path_bytes(300);
	say_path_bytes(4095);
	say_path_bytes(4096);
	say_argument_bytes(131071);
	say_argument_bytes(131072);
	say_strings(1000);
	say_strings(300000);
	arguments = none;
	say_end("execve", "no arguments: the first is empty then", execute);
	arguments = NULL;
	say_end("execve", "null arguments: likewise", execute);
	arguments = wrong;
	path = "/nonexistent";
	say_end("execve", "no file, and an argument at null but 8", execute);
}

void say_exec(void)
{
	static char text[6000];
	char *hole = before_hole(1);
	long unended[2] = { 8, 0 };

	SAY(execve, "null", NULL, none, none);
	SAY(execve, "kernel address", KERNEL_ADDRESS, none, none);
	SAY(execve, "nothing", "", none, none);
	say_path("/nonexistent");
	say_path("/nonexistent/sh");
	say_path("/");
	say_path("//");
	say_path(".");
	say_path("..");
	say_path("/etc");
	say_path("/etc/");
	say_path("/bin/..");
	say_path("/etc/policy");
	say_path("/etc/policy/");
	say_path("/etc/policy/x");
	say_path("/bin/sh/");
	say_path("/bin/sh/.");
	say_path("/bin/sh/..");
	say_path("/bin/nonexistent");
	say_path("/nonexistent/..");
	memset(text, 'a', 5000);
	SAY(execve, "a path of 5000 bytes", text, none, none);
	text[255] = 0;
	SAY(execve, "a part of 255 bytes", text, none, none);
	memset(text, 'a', 300);
	text[256] = 0;
	SAY(execve, "a part of 256 bytes", text, none, none);
	memcpy(hole - 8, "/bin/shh", 8);
	SAY(execve, "a path that ends in a hole", hole - 8, none, none);
	SAY(execve, "arguments from null but 8", "/bin/sh", 8, none);
	SAY(execve, "an argument at null but 8", "/bin/sh", unended, none);
	SAY(execve, "an argument at a kernel address", "/bin/sh", ((long[]){ KERNEL_ADDRESS, 0 }),
	    none);
	SAY(execve, "variables from a kernel address", "/bin/sh", none, KERNEL_ADDRESS);
	say_sizes();
}
