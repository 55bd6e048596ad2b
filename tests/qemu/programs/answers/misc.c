/* uname, getrandom, arch_prctl, identity, numbers of calls. */
#define _GNU_SOURCE
#include "say.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static char buffer[PAGE];

static void say_random(void)
{
	char *hole = before_hole(1);

	SAY(getrandom, "unknown flags", buffer, 1, 8);
	SAY(getrandom, "GRND_RANDOM and GRND_INSECURE", buffer, 1, 6);
	SAY(getrandom, "flags with a high half", buffer, 1, HIGH(0));
	SAY(getrandom, "nothing to null", NULL, 0, 0);
	SAY(getrandom, "null", NULL, 1, 0);
	SAY(getrandom, "nothing to a kernel address", KERNEL_ADDRESS, 0, 0);
	SAY(getrandom, "GRND_NONBLOCK and GRND_RANDOM", hole - 8, 8, 3);
	SAY(getrandom, "GRND_INSECURE", hole - 8, 8, 4);
	SAY(getrandom, "length -1, null", NULL, -1, 0);
	SAY(getrandom, "kernel address, unknown flags", KERNEL_ADDRESS, 1, 8);
	SAY(getrandom, "300 bytes", buffer, 300, 0);
	SAY(getrandom, "range past user space", USER_END - 100, 200, 0);
	SAY(getrandom, "into a hole", hole - 100, 200, 0);
}

static void say_arch(void)
{
	SAY(arch_prctl, "FS to a kernel address", 0x1002, KERNEL_ADDRESS);
	SAY(arch_prctl, "FS to no address", 0x1002, 1l << 60);
	SAY(arch_prctl, "FS asked for, null but 8", 0x1003, 8);
	SAY(arch_prctl, "FS asked for", 0x1003, buffer);
	SAY(arch_prctl, "FS asked for with a high half", HIGH(0x1003), buffer);
	SAY(arch_prctl, "GS asked for", 0x1004, buffer);
	SAY(arch_prctl, "GS to null", 0x1001, 0);
	SAY(arch_prctl, "unknown", 99, 0);
	SAY(arch_prctl, "may CPUID be used", 0x1011, 0);
}

static void say_numbers(void)
{
	say("numbers", "-1", CALL(-1, 0));
	say("numbers", "600", CALL(600, 0));
	say("numbers", "2^31", CALL(1l << 31, 0));
	say("numbers", "getpid with a high half", CALL(HIGH(SYS_getpid), 0) == getpid());
	say("numbers", "600 with a high half", CALL(HIGH(600), 0));
}

void say_misc(void)
{
	struct utsname name;

	SAY(uname, "null", NULL);
	SAY(uname, "null but 8", 8);
	uname(&name);
	say_text("uname", "machine", name.machine);
	say_text("uname", "system", name.sysname);
	SAY(setuid, "-1", -1);
	SAY(setuid, "root", 0);
	say("setuid", "itself with a high half", CALL(SYS_setuid, HIGH(getuid())));
	say("getppid", "there is one", getppid() > 0);
	say("set_tid_address", "null", CALL(SYS_set_tid_address, 0) == gettid());
	SAY(umask, "it was 22", 027);
	SAY(umask, "bits that there are not", 010777);
	SAY(umask, "they are not kept", 022);
	say_random();
	say_arch();
	say_numbers();
}
