#!/bin/bash
# No #include goes up.
# needs: nothing
. "$(dirname "$0")/lib.sh"

clean floors
catches floors kernel/mm/x.c '#include "task/process/process.h"\n' 'floor 4 includes' 'mm may not include task'
catches floors kernel/lib/x.h '/* x */\n#include "arch/x86_64/cpu/io.h"\n' 'floor 1 includes' 'lib may not include arch'
catches floors kernel/arch/x86_64/x.c '#include "core/log.h"\n' 'floor 2 includes' 'arch may not include core'
catches floors kernel/core/x.c '\n# include "mm/frame/frame.h"\n' 'floor 3 includes' 'core may not include mm'
catches floors kernel/task/x.c '#include "vuln/vuln.h"\n' 'floor 7 includes' 'task may not include vuln'
catches floors kernel/attic/x.c '' 'no floor' 'every folder of the kernel has a floor'
accepts floors kernel/task/x.c '#include "mm/frame/frame.h"\n#include "lib/types.h"\n' 'includes may go down'

done_testing
