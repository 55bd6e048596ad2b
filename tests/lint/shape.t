#!/bin/bash
# The shape of files.
# needs: nothing
. "$(dirname "$0")/lib.sh"

clean shape

long_file="/* x */\n$(printf 'int x;\\n%.0s' {1..360})"
long_function="/* x */\nvoid f(void)\n{\n$(printf '\\tg();\\n%.0s' {1..61})}\n"
function="/* x */\nvoid f(void)\n{\n$(printf '\\tg();\\n%.0s' {1..60})}\n"
line=$(printf 'x%.0s' {1..90})

catches shape kernel/lib/x.c "$long_file" 'lines in one file' 'a file has at most 350 lines'
catches shape kernel/lib/x.c "$long_function" 'function of 61' 'a function has at most 60 lines'
accepts shape kernel/lib/x.c "$function" 'a function of 60 lines passes'
catches shape kernel/lib/x.c "/* x */\n\t\tint $line;\n" 'columns' 'a line has at most 100 columns, a tab counts 8'
catches shape kernel/lib/x.c '/* x */\nint x; \n' 'blanks' 'no blanks at the end of a line'
catches shape kernel/lib/x.c '/* x */\nvoid f(void)\n{\n\tif (x)\n\t\tg();\n}\n' 'without braces' 'braces always: if'
catches shape user/lib/x.c '/* x */\nvoid f(void)\n{\n\tfor (;;)\n\t\tg();\n}\n' 'without braces' 'braces always: for'
catches shape user/lib/x.c '/* x */\nvoid f(void)\n{\n\tif (x) {\n\t\tg();\n\t} else\n\t\th();\n}\n' 'without braces' 'braces always: else'
accepts shape kernel/lib/x.c '/* x */\nvoid f(void)\n{\n\tif (a &&\n\t    b) {\n\t\tg();\n\t}\n\tdo {\n\t} while (x);\n}\n' 'conditions may span lines'
catches shape kernel/lib/x.h '/* x */\nint x;\n' 'pragma once' 'a header is read once'
catches shape kernel/lib/x.c 'int x;\n' 'comment' 'a file begins by saying its job'

plant kernel/lib/x.c '/* x */\n#include "lib/a.h"\n#include "lib/x.h"\n'
printf '/* x */\n#pragma once\n' >"$work/tree/kernel/lib/x.h"
like "$(cd "$work/tree" && perl "$lint/shape.pl")" 'first #include must be lib/x.h' 'the own header comes first'

done_testing
