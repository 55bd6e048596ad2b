/* Which word is next, and what it is set to. */
#pragma once

#include "board.h"

/* The referee's, once the areas are found. */
void choices_make(void);
/* The attacker's: fills in the board's store, as its order says. False: there is none left. */
bool store_choose(void);
