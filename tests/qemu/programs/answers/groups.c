/* Process groups and sessions. */
#define _GNU_SOURCE
#include "say.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 30000 };

static void lead(void)
{
	long first = CALL(SYS_setpgid, 0, 0), again = CALL(SYS_setpgid, 0, 0);

	_exit(first == 0 && again == 0 && getpgrp() == getpid() ? 3 : 4);
}
static void lead_session(void)
{
	long session = CALL(SYS_setsid, 0);

	_exit(session == getpid() && getpgrp() == session && getsid(0) == session ? 3 : 4);
}
static void lead_session_twice(void)
{
	setsid();
	_exit((int)-CALL(SYS_setsid, 0));
}
static void lead_then_session(void)
{
	setpgid(0, 0);
	_exit((int)-CALL(SYS_setsid, 0));
}
static void leave_as_leader(void)
{
	setsid();
	_exit((int)-CALL(SYS_setpgid, 0, 0));
}
static void join_other_session(void)
{
	int group = getpgrp();

	setsid();
	_exit((int)-CALL(SYS_setpgid, 0, group));
}
static void nap(void) { usleep(100000); }
static void move_child(void)
{
	int pid = child(nap);
	long moved = CALL(SYS_setpgid, pid, pid);

	_exit(moved == 0 && getpgid(pid) == pid && CALL(SYS_kill, -pid, SIGKILL) == 0 &&
			      CALL(SYS_wait4, -pid, NULL, 0, NULL) == pid
		      ? 3
		      : 4);
}
static void nap_apart(void)
{
	setsid();
	nap();
}
static void move_child_of_session(void)
{
	int pid = child(nap_apart);

	while (getsid(pid) != pid) {
		usleep(1000);
	}
	_exit((int)-CALL(SYS_setpgid, pid, getpgrp()));
}

void say_groups(void)
{
	SAY(getpgid, "nobody", NOBODY);
	SAY(getpgid, "-1", -1);
	say("getpgid", "with a high half", CALL(SYS_getpgid, HIGH(0)) == getpgrp());
	say("getpgrp", "is getpgid of 0", CALL(SYS_getpgrp, 0) == CALL(SYS_getpgid, 0));
	SAY(getsid, "nobody", NOBODY);
	say("getsid", "itself", CALL(SYS_getsid, getpid()) == CALL(SYS_getsid, 0));
	SAY(setpgid, "nobody", NOBODY, 0);
	SAY(setpgid, "a negative group", 0, -1);
	SAY(setpgid, "nobody, a negative group", NOBODY, -1);
	SAY(setpgid, "process -1, its own group", -1, 0);
	SAY(setpgid, "a group that there is not", 0, NOBODY);
	SAY(setpgid, "the first process", 1, 0);
	say_end("setpgid", "a group of its own", lead);
	say_end("setpgid", "a child", move_child);
	say_end("setpgid", "a child of another session", move_child_of_session);
	say_end("setpgid", "the first of a session", leave_as_leader);
	say_end("setpgid", "a group of another session", join_other_session);
	say_end("setsid", "a session of its own", lead_session);
	say_end("setsid", "twice", lead_session_twice);
	say_end("setsid", "the first of a group", lead_then_session);
}
