/* execve: what it refuses. */
#include "say.h"

#include <string.h>

static void say_path(const char *path)
{
	char *none[] = { NULL };

	SAY(execve, path, path, none, none);
}

void say_exec(void)
{
	static char text[6000];
	char *hole = before_hole(1);
	char *none[] = { NULL };
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
}
