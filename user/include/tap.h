/*
 * Test results as TAP lines.
 *
 * A test program calls tap_ok for each result and returns tap_done() from main. Run by itself it
 * prints a plan and exits 0 or 1. Run as part of a larger stream (environment variable TAP_FIRST:
 * the number of its first test) it prints no plan, and its exit code carries the count:
 * TAP_EXIT_FAILED set where one failed, the number of tests in TAP_EXIT_COUNT.
 */
#pragma once

#include <stdbool.h>

/*
 * Fewer than TAP_EXIT_COUNT could tell: 126 and 127 are what a shell says of a program that did not
 * start.
 */
enum { TAP_EXIT_COUNT = 0x7f, TAP_EXIT_FAILED = 0x80, TAP_MAX_TESTS = 120 };

/* One result; the name is a sentence. Returns passed. */
bool tap_ok(bool passed, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Like tap_ok(got == wanted), and shows both where they differ. */
bool tap_is(long got, long wanted, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A test that cannot run here. */
void tap_skip(const char *name, const char *reason);
/* A line of comment. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How often a test repeats what it does: `many` times where it was given an argument, as in `root
 * t_ipc long`. */
int tap_rounds(int argc, int few, int many);
/* The exit code. */
int tap_done(void);
