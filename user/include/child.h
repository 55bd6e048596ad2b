/*
 * Running a piece of a test in a process of its own, since it may die, hang, or leave the process
 * in ruins.
 */
#pragma once

#include <stdbool.h>

#include "bulwark.h"

/* A piece of a test: returns an exit code. */
typedef int (*child_body)(void *argument);

/* Wait statuses that no process leaves. */
enum { CHILD_NOT_STARTED = -1, CHILD_HUNG = -2 };

/*
 * Blocks. Runs the body in a forked process: its wait status, or one of the above. One that runs
 * for more than ten seconds is killed.
 */
int child_run(child_body body, void *argument);
/* The same, and the kernel's report of its end. Caller is root. */
int child_run_reported(child_body body, void *argument, struct bw_report *report);
/* Blocks. Waits for a child as child_run does. */
int child_wait(pid_t child);

/* The signal that a wait status tells of, else 0. */
int child_signal(int wait_status);
/* The exit code that a wait status tells of, else -1. */
int child_exit_code(int wait_status);

/* True where touching this byte kills. */
bool child_faults_reading(const volatile void *address);
bool child_faults_writing(volatile void *address);
