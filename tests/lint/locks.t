#!/bin/bash
# What callers hold is asserted.
# needs: nothing
. "$(dirname "$0")/lib.sh"

clean locks

says='/* x */\n\n/* Empties it. Caller holds the lock. */\nstatic void f(struct x *x)\n{\n'
catches locks kernel/lib/x.c "$says\\tg(x);\\n}\\n" 'f: its caller holds a lock' 'a function that asserts nothing is refused'
accepts locks kernel/lib/x.c "$says\\tassert(lock_is_held(\&x->lock));\\n\\tg(x);\\n}\\n" 'one that asserts it passes'
catches locks kernel/lib/x.c '/* x */\n\n/* The\n * caller holds the lock. */\nstatic int f(void) { return 1; }\n' 'f: its caller' 'a function in one line counts'
accepts locks kernel/lib/x.c '/* x */\n\n/* Takes the lock. */\nstatic void f(void)\n{\n\tg();\n}\n' 'others are left alone'
plant kernel/lib/x.c '/* x */\nvoid f(void)\n{\n\tg();\n}\n'
printf '/* x */\n#pragma once\n\n/* Caller holds the lock. */\nvoid f(void);\n' >"$work/tree/kernel/lib/x.h"
like "$(cd "$work/tree" && perl "$lint/locks.pl")" 'x.h:5: f: its caller' 'what a header says counts for the definition'

done_testing
