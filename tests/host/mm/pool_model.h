/* Pools as they should be: what every object must hold, and what each call must answer. */
#pragma once

#include "mm/pool/pmalloc.h"

/* Once, after machine_start. */
void model_start(void);
/* One random call on one of several pools; dies when the answer is not the model's. */
void model_step(void);
/* Every object is where it was, holds what was written, and is protected as it should be. */
void model_check(void);
void model_destroy_all(void);
/* Frames that pools keep for good: descriptors, and page tables above the lowest level. */
uint64_t model_nr_kept(void);
