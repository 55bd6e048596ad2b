/*
 * The stress program (user/selftest/stress.c): workers that each press on one part of the kernel,
 * in rounds, and check what they get; and one who watches them. A worker is a process; what it may
 * lose to the others is memory and quota, so being refused is no failure.
 */
#pragma once

#include <sys/types.h>

#include "child.h"

enum stress_result {
	STRESS_DONE,    /* one round */
	STRESS_REFUSED, /* no memory, no process, or no such feature */
	STRESS_WRONG,   /* the kernel is at fault; stress_complain has said why */
};

struct stress_worker {
	const char *name;
	enum stress_result (*round)(void);
	uid_t uid;
	unsigned int pause_ms; /* between rounds */
};

extern const struct stress_worker stress_workers[];
extern const unsigned int nr_stress_workers;
enum { STRESS_WORKERS_MAX = 24 };

/* Shared by all of them. */
struct stress {
	volatile bool stop;
	volatile unsigned long rounds[STRESS_WORKERS_MAX];
	volatile unsigned long refused[STRESS_WORKERS_MAX];
	volatile unsigned int nr_complaints;
	char complaint[256]; /* the first one */
};
extern struct stress *stress;

/* ---- What rounds are made of (stress.c) ---- */

/* Notes what is wrong; returns STRESS_WRONG. */
enum stress_result stress_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A number below `limit`, from a sequence of this process's own. */
unsigned int stress_random(unsigned int limit);
void stress_random_seed(unsigned int seed);
void stress_nap_us(unsigned int us);
/* Ends the process by a SIGSEGV. */
void stress_touch_nothing(void);
/* True where this end of a child says no more than that memory ran out, or that it never started.
 */
bool stress_was_refused(int wait_status);
/* What a child's end says that had to be an exit with this code. */
enum stress_result stress_expect_exit(const char *what, int wait_status, int code);
/* The same where it had to be a signal. */
enum stress_result stress_expect_signal(const char *what, int wait_status, int signal);

/* Complains of what is not as it was, but for what the kernel keeps; prints it all
 * (stress_balance.c). */
void stress_check_memory(const struct bw_memory_info *before);

/* ---- Rounds ---- */

/* stress_memory.c */
enum stress_result stress_faults(void);
enum stress_result stress_protect(void);
enum stress_result stress_huge(void);
enum stress_result stress_hog(void);
/* stress_process.c */
enum stress_result stress_fork(void);
enum stress_result stress_exec(void);
enum stress_result stress_kill(void);
enum stress_result stress_crash(void);
enum stress_result stress_bomb(void);
/* stress_threads.c */
enum stress_result stress_threads(void);
enum stress_result stress_remap(void);
enum stress_result stress_migrate(void);
enum stress_result stress_orphan_threads(void);
/* stress_ipc.c, stress_grant.c */
enum stress_result stress_calls(void);
enum stress_result stress_grants(void);
/* stress_balance.c: also asked for every second, on another CPU */
enum stress_result stress_audit(void);
/* stress_vuln.c */
enum stress_result stress_vuln(void);
enum stress_result stress_kmap(void);
