/*
 * The programs of the folder given as EXTRA: none. A build with one links what tools/gen-extra.pl
 * writes in the place of this file.
 */
#include "attack_run.h"

const struct attack_row attack_extras[1];
const size_t nr_attack_extras;
