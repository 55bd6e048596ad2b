/* Where boot/boot.asm goes. */
#pragma once

#include "lib/types.h"

/* magic and info_pa as the loader left them in EAX and EBX. Runs in the higher half on the boot
 * stack; never returns. */
_Noreturn void kernel_main(uint32_t magic, uint32_t info_pa);
