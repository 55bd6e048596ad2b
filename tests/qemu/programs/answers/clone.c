/* clone: what it refuses, and processes that it makes. */
#define _GNU_SOURCE
#include "say.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int parent_tid, child_tid;
static char stack[PAGE] __attribute__((aligned(16)));

/* A process with these flags, which ends at once with 3. */
static long make(long flags, void *parent, void *own, long tls)
{
	long pid = answer(SYS_clone, flags, 0, (long)parent, (long)own, tls, 0);

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
	say_end("clone", "a thread whose number is stored to null but 8", store_badly);
}
