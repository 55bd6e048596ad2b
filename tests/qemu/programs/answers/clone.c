/* clone: what it refuses, and processes that it makes. */
#define _GNU_SOURCE
#include "say.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int parent_tid, child_tid;
static char stack[PAGE] __attribute__((aligned(16)));

/* A process with these flags, which ends at once with 3. */
static long make(long flags, void *parent, void *own, long tls)
{
	long pid;

	fflush(stdout);
	pid = answer(SYS_clone, flags, 0, (long)parent, (long)own, tls, 0);

	if (pid == 0) {
		_exit(child_tid == getpid() ? 4 : 3);
	}
	return pid;
}

static void say_made(const char *what, long flags, void *parent)
{
	int status = -1;
	long pid;

	child_tid = parent_tid = 0;
	pid = make(flags, parent, &child_tid, 0);
	if (pid < 0) {
		say("clone", what, pid);
		return;
	}
	CALL(SYS_wait4, pid, &status, 0x40000000, NULL);
	say_status("clone", what, status);
}

static void say_refusals(void)
{
	SAY(clone, "CLONE_THREAD alone", CLONE_THREAD, 0, 0, 0, 0);
	SAY(clone, "CLONE_SIGHAND without CLONE_VM", CLONE_SIGHAND, 0, 0, 0, 0);
	SAY(clone, "CLONE_THREAD without CLONE_SIGHAND", CLONE_THREAD | CLONE_VM, 0, 0, 0, 0);
	SAY(clone, "CLONE_NEWNS and CLONE_FS", CLONE_NEWNS | CLONE_FS, 0, 0, 0, 0);
	SAY(clone, "a thread whose TLS is a kernel address",
	    CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS, stack + PAGE, 0, 0,
	    KERNEL_ADDRESS);
	SAY(clone, "a thread whose TLS is no address",
	    CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS, stack + PAGE, 0, 0, 1l << 60);
	SAY(clone, "a process whose TLS is a kernel address", CLONE_SETTLS | SIGCHLD, 0, 0, 0,
	    KERNEL_ADDRESS);
}

static void say_flags(void)
{
	static const struct {
		const char *what;
		long flags;
	} kinds[] = {
		{ "CLONE_FS and CLONE_FILES, a process", CLONE_FS | CLONE_FILES },
		{ "CLONE_VFORK alone", CLONE_VFORK },
		{ "CLONE_PTRACE", CLONE_PTRACE },
		{ "CLONE_UNTRACED", CLONE_UNTRACED },
		{ "CLONE_DETACHED", CLONE_DETACHED },
		{ "CLONE_IO", (long)CLONE_IO },
		{ "CLONE_SYSVSEM", CLONE_SYSVSEM },
		{ "CLONE_NEWPID", CLONE_NEWPID },
		{ "CLONE_NEWNS", CLONE_NEWNS },
		{ "CLONE_NEWUTS", CLONE_NEWUTS },
		{ "CLONE_NEWIPC", CLONE_NEWIPC },
		{ "CLONE_NEWNET", CLONE_NEWNET },
		{ "CLONE_NEWCGROUP", CLONE_NEWCGROUP },
		{ "CLONE_NEWUSER and CLONE_FS", CLONE_NEWUSER | CLONE_FS },
		{ "CLONE_PIDFD to null", 0x1000 },
		{ "CLONE_PIDFD and CLONE_PARENT_SETTID", 0x1000 | CLONE_PARENT_SETTID },
		{ "CLONE_PIDFD and CLONE_DETACHED", 0x1000 | CLONE_DETACHED },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		say_made(kinds[i].what, kinds[i].flags | SIGCHLD, NULL);
	}
}

static int store_7(void *at)
{
	*(int *)at = 7;
	return 5;
}

/* A process in the same memory that does not hold up its parent. */
static void say_sharing(void)
{
	static char own_stack[2 * PAGE] __attribute__((aligned(16)));
	int status = -1, stored = 0, pid;

	fflush(stdout);
	pid = clone(store_7, own_stack + sizeof(own_stack), CLONE_VM | SIGCHLD, &stored);
	if (pid > 0) {
		waitpid(pid, &status, 0);
	}
	say("clone", "CLONE_VM, a process", pid > 0 ? stored : -errno);
	stored = 0;
	pid = clone(store_7, own_stack + sizeof(own_stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
		    &stored);
	if (pid > 0) {
		waitpid(pid, &status, 0);
	}
	say("clone", "CLONE_VM and CLONE_VFORK, on another stack", pid > 0 ? stored : -errno);
}

/* A child that ends by this signal to its parent. */
static int end_signal;

static void make_and_wait(void)
{
	long pid = make(end_signal, NULL, NULL, 0);

	if (pid < 0) {
		_exit((int)-pid);
	}
	settle();
	CALL(SYS_wait4, pid, NULL, 0x40000000, NULL);
	_exit(9);
}

static void say_end_signal(const char *what, int signal)
{
	end_signal = signal;
	say_end("clone", what, make_and_wait);
}

/* By execve a child becomes one as others are, which is waited for without __WALL. */
static void say_executed(void)
{
	char *arguments[] = { "answers", NOTHING, NULL }, *none[] = { NULL };
	int status = -1;
	long pid;

	fflush(stdout);
	pid = answer(SYS_clone, 0, 0, 0, 0, 0, 0);
	if (pid == 0) {
		CALL(SYS_execve, SELF, arguments, none);
		_exit(1);
	}
	settle();
	say("wait4", "a child by no signal, that has executed a program",
	    CALL(SYS_wait4, pid, &status, WNOHANG, NULL) == pid);
}

static void say_end_signals(void)
{
	say_end_signal("a child that tells of its end by SIGUSR1", SIGUSR1);
	say_end_signal("a child that tells of its end by SIGKILL", SIGKILL);
	say_end_signal("a child that tells of its end by SIGURG", SIGURG);
	say_end_signal("a child that tells of its end by signal 65", 65);
}

static void say_kinds(void)
{
	int status;
	long pid;

	say_made("SIGCHLD", SIGCHLD, NULL);
	say_made("CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID, as fork of glibc",
		 CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, NULL);
	say_made("CLONE_PARENT_SETTID", CLONE_PARENT_SETTID | SIGCHLD, &parent_tid);
	say("clone", "it was stored", parent_tid > 0);
	say_made("CLONE_PARENT_SETTID to null but 8", CLONE_PARENT_SETTID | SIGCHLD, (void *)8);
	say_made("flags with a high half", HIGH(SIGCHLD), NULL);
	pid = make(0, NULL, NULL, 0);
	settle();
	SAY(wait4, "a child that tells of its end by no signal", pid, &status, WNOHANG, NULL);
	say("wait4", "the same with __WCLONE",
	    CALL(SYS_wait4, pid, &status, (int)0x80000000, NULL) == pid);
}

/* Ends with its memory, and all that shares it. */
static void store_badly(void)
{
	struct {
		long words[64];
	} *top = (void *)(stack + PAGE - 1024);
	long tid;

	*top = (typeof(*top)){ { 0 } };
	/* the new thread ends in the loop below, whose code needs no stack */
	__asm__ volatile("syscall; test %%rax, %%rax; jnz 1f; 2: pause; jmp 2b; 1:"
			 : "=a"(tid)
			 : "a"(SYS_clone),
			   "D"(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_PARENT_SETTID),
			   "S"(top), "d"(8)
			 : "rcx", "r11", "memory");
	_exit(tid > 0 ? 0 : (int)-tid);
}

void say_clone(void)
{
	say_refusals();
	say_kinds();
	say_flags();
	say_sharing();
	say_end_signals();
	say_executed();
	say_end("clone", "a thread whose number is stored to null but 8", store_badly);
}
