/*
 * Faults on purpose, in the builds that look: ktest_run commits them on request, for
 * tests/qemu/look.t to see that they are found.
 */
#pragma once

/* Suite numbers from here on, which no test passes by chance. */
enum { PLANTS = 0x706c616e };

/* Commits the fault with this number; the table of the build's plants has them. */
void plant_run(unsigned number);
