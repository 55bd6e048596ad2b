/* Chooses the parser of the boot information by the kernel's entry. */
#include "loader.h"

#include "core/restart.h"
#include "multiboot.h"
#include "pvh.h"

#define IDENTITY_MAP_BYTES (1ul << 32) /* boot.asm */

status_t loader_parse(uint32_t loader, uint64_t info_pa, struct boot_info *out)
{
	if (loader == LOADER_AGAIN) {
		*out = boot_info_kept;
		restart_line(out->command_line, sizeof(out->command_line));
		return STATUS_OK;
	}
	if (loader == LOADER_PVH) {
		return pvh_parse((struct physical_view){ 0, IDENTITY_MAP_BYTES }, info_pa, out);
	}
	return multiboot_parse((const void *)info_pa, IDENTITY_MAP_BYTES - info_pa, out);
}
