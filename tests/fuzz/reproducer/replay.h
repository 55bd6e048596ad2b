/* What a reproducer is made of: sequences that tools/fuzz has found, run as the fuzzer ran them. */
#pragma once

#include "sequence.h"

/*
 * Blocks. Caller is root. So many workers run all sequences again and again, and the machine is
 * looked at after each round. Says what is wrong. An exit status: 0 nothing was; 1; 2 it cannot
 * run.
 */
int replay(const struct sequence *sequences, unsigned nr, unsigned nr_workers, unsigned nr_rounds);
