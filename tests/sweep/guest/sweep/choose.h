/* Which word is next, and what it is set to. */
#pragma once

#include "board.h"

/* The attacker's: fills in the board's store, as its order says. False: there is none left. */
bool store_choose(void);
