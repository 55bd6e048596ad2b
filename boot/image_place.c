/* Where the kernel image shall run: the first C code there is, before the kernel's first line. */
#include "image_place.h"

#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/random.h"
#include "core/kaslr.h"
#include "core/options.h"
#include "core/restart.h"
#include "loader.h"

uint64_t image_place(uint32_t loader, uint64_t info_pa, uint64_t lowest, uint64_t image_bytes)
{
	unsigned kaslr = options.kaslr; /* the default: nothing is parsed yet */
	static struct boot_info info;   /* too large for the boot stack */
	uint64_t random;

	/* what is wrong with the boot information, kernel_main says: there is a console then */
	if (loader_parse(loader, info_pa, &info) == STATUS_OK) {
		if (loader != LOADER_AGAIN) {
			boot_info_kept = info;
		}
		(void)option_peek(info.command_line, "kaslr", &kaslr);
	}
	if (kaslr == kaslr_off) {
		return lowest;
	}
	features_detect();
	random_fill(&random, sizeof(random));
	return kaslr_pick_image(random, lowest, image_bytes);
}
