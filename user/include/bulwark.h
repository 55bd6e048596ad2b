/*
 * Bulwark's own system calls, as a user program sees them.
 *
 * Every bw_ function returns a negative errno value (-ENOSYS, -EFAULT, ...) where the kernel
 * refused, and 0 or a documented positive number where it did as asked; errno itself is not
 * touched. The structures are described in abi/bulwark.h. All else is plain POSIX, through libc.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/bulwark.h"
#include "bulwark_calls.h"

enum { BW_PAGE_SIZE = 4096, BW_HUGE_PAGE_SIZE = 2 << 20 };

/* ---- What the machine is and does ---- */

/*
 * Copies the event counters of one CPU, or their sums for cpu = -1, in the order of counters.def.
 * Returns the number of bytes that all of them take; no more than size_bytes are written.
 */
static inline long bw_counters(long cpu, uint64_t *values, size_t size_bytes)
{
	return bw_call_counters(cpu, (long)values, (long)size_bytes);
}

/* The boot option with this index; -ENOENT past the last one. */
static inline long bw_option(unsigned int index, struct bw_option *option)
{
	return bw_call_option(index, (long)option);
}

/* The file of the boot archive with this index; -ENOENT past the last one. */
static inline long bw_archive_entry(unsigned int index, struct bw_archive_entry *entry)
{
	return bw_call_archive_entry(index, (long)entry);
}

/*
 * Walks every page table against the policy. Succeeds also when it finds violations: read the
 * count.
 */
static inline long bw_audit(struct bw_audit *audit) { return bw_call_audit((long)audit); }

/* Where the frames are. */
static inline long bw_memory_info(struct bw_memory_info *info)
{
	return bw_call_memory_info((long)info);
}

/*
 * The shell command that the kernel's command line asks for, without a terminating zero: its
 * length, 0 for none.
 */
static inline long bw_boot_command(char *buffer, size_t size_bytes)
{
	return bw_call_boot_command((long)buffer, (long)size_bytes);
}

/*
 * Boots once more: the words take the place of those of the command line that are for the same
 * options, and the input is as if typed at the console then. Root only. Does not come back, but
 * with -EINVAL where a word sets no boot option, or one twice.
 */
static inline long bw_reboot(const char *words, const char *input)
{
	return bw_call_reboot((long)words, (long)input);
}

/* ---- Calls between processes: docs/ipc.md ---- */

enum { BW_NR_WORDS = 6 };

/* What goes with a call or a reply, and afterwards what came. */
struct bw_message {
	uint64_t words[BW_NR_WORDS];
	void *page;  /* in: a page to give away, or NULL; out: the one that came, or NULL */
	void *place; /* where a page that comes may go, replacing what is there; or NULL: none */
};

/* A new endpoint: its handle, valid in this process and in those forked from it from now on. */
static inline long bw_endpoint_create(void) { return bw_call_endpoint_create(); }

/*
 * The words travel in rsi, rdx, r10, r8, r9 and rbx, both ways; page in r12, place in r13. Where
 * the kernel refuses, all of them stay as they were.
 */
static inline long bw_ipc(long number, long handle, struct bw_message *message)
{
	register uint64_t r10 __asm__("r10") = message->words[2];
	register uint64_t r8 __asm__("r8") = message->words[3];
	register uint64_t r9 __asm__("r9") = message->words[4];
	register void *r12 __asm__("r12") = message->page;
	register void *r13 __asm__("r13") = message->place;
	uint64_t rsi = message->words[0], rdx = message->words[1], rbx = message->words[5];
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9),
			   "+b"(rbx), "+r"(r12)
			 : "a"(number), "D"(handle), "r"(r13)
			 : "rcx", "r11", "memory");
	*message = (struct bw_message){ { rsi, rdx, r10, r8, r9, rbx }, r12, r13 };
	return result;
}

/*
 * Blocks until a server has replied: 0, and its message. -EPIPE: nobody is left who could reply; of
 * the page: -EFAULT: it cannot be given away, -EINVAL: the server takes none there, -ENOMEM.
 */
static inline long bw_ipc_call(long handle, struct bw_message *message)
{
	return bw_ipc(BW_NR_ipc_call, handle, message);
}

/*
 * Blocks until somebody calls: the caller's pid, and its message; of the message given only `place`
 * counts. -EPIPE: nobody is left who could call. A call that was received and not replied to fails.
 */
static inline long bw_ipc_receive(long handle, struct bw_message *message)
{
	return bw_ipc(BW_NR_ipc_receive, handle, message);
}

/* Replies to the call that this thread received last, then receives the next. */
static inline long bw_ipc_reply_receive(long handle, struct bw_message *message)
{
	return bw_ipc(BW_NR_ipc_reply_receive, handle, message);
}

/* ---- The operator's calls: -EPERM unless uid 0 ---- */

/* KAISER off, or on with the best variant that the processor has, on all processors. */
static inline long bw_mitigate(bool on) { return bw_call_mitigate(on); }

/*
 * What a root of a process (pid 0: of the caller) maps at or above an address: up to nr_max ranges,
 * in order. Returns how many were filled in, 0 behind the last.
 */
static inline long bw_ptdump(pid_t pid, enum bw_root root, uint64_t start, struct bw_range *ranges,
			     size_t nr_max)
{
	return bw_call_ptdump(pid, root, (long)start, (long)ranges, (long)nr_max);
}

/* Puts a file of the archive in force. -EINVAL: *error says what is wrong; the one before stays. */
static inline long bw_policy_load(const char *path, struct bw_policy_error *error)
{
	return bw_call_policy_load((long)path, (long)error);
}

/* The rule of the policy in force with this index; -ENOENT past the last one. */
static inline long bw_policy_rule(unsigned int index, struct bw_policy_rule *rule)
{
	return bw_call_policy_rule(index, (long)rule);
}

/* How a process ended, told by the kernel. Also right for one that still runs. */
static inline long bw_report(pid_t pid, struct bw_report *report)
{
	return bw_call_report(pid, (long)report);
}

/* Ends the machine and leaves this status to the host. Does not return when it succeeds. */
static inline long bw_power_off(int status) { return bw_call_power_off(status); }

/*
 * The caller, and all that it forks and executes, is a job from now on, and in the foreground: it
 * may use the console whatever its user, and the interrupt key (Ctrl-C) kills the caller. An attack
 * is watched by the kernel. -EAGAIN: too many attacks are under way.
 */
static inline long bw_job_begin(enum bw_job kind) { return bw_call_job_begin(kind); }

/* What the caller has started is in the foreground no longer; its own job, if any, is. */
static inline long bw_foreground_end(void) { return bw_call_foreground_end(); }

/*
 * Blocks. Ends every member of the attack that this process began, and tells what it achieved.
 * -ESRCH: there is no such attack.
 */
static inline long bw_attack_end(pid_t pid, struct bw_attack *attack)
{
	return bw_call_attack_end(pid, (long)attack);
}

/* ---- Tests: -ENOSYS unless ktest=on ---- */

/*
 * Runs the in-kernel suite with this index: the length of the TAP text in buffer, or -ENOENT past
 * the last. With BW_KTEST_NAME in the index: its name, and it does not run.
 */
static inline long bw_ktest(unsigned int index, char *buffer, size_t size_bytes)
{
	return bw_call_ktest(index, (long)buffer, (long)size_bytes);
}

/* Makes the nth kernel allocation from now on for this process fail, once; 0 disarms. */
static inline long bw_fail_allocation(unsigned long nth)
{
	return bw_call_fail_allocation((long)nth);
}

/*
 * Searches what the kernel owns for the eight bytes whose complement this is, so that asking leaves
 * none there; of freed memory, which takes long, only at multiples of eight. -EPERM unless uid 0.
 */
static inline long bw_scan(uint64_t inverse, bool and_freed, struct bw_scan *scan)
{
	return bw_call_scan((long)inverse, and_freed, (long)scan);
}

/* ---- Options by name (user/lib/option.c) ---- */

/* 0, or -ENOENT for an unknown name. */
int bw_option_find(const char *name, struct bw_option *option);
/* Copies the value in force; 0, or -ENOENT, or -ERANGE where it does not fit. */
int bw_option_get(const char *name, char *value, size_t size_bytes);
/* True where the option exists and has this value in force. */
bool bw_option_is(const char *name, const char *value);
/* True where the boot archive holds a file of this path ("bin/sh"). */
bool bw_archive_has(const char *path);

/* ---- What an attacker has ---- */
#include "bulwark_vuln.h"
