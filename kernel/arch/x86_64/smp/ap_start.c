/* INIT and SIPI, and the page that processors start in. */
#include "arch/x86_64/smp/ap_start.h"

#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/clock.h"
#include "arch/x86_64/smp/apic.h"
#include "lib/string.h"

enum { INIT_WAIT_US = 10000, SIPI_WAIT_US = 300, ONLINE_WAIT_US = 1000000 };

/* ap_trampoline.asm: the code, and what it reads at its end. */
extern const char ap_trampoline_start[], ap_trampoline_end[], ap_in_image[];
struct ap_parameters {
	uint64_t stack_top, gs_base, kernel_root, entry, in_image;
	uint32_t boot_root, has_nx;
};

static struct ap_parameters *parameters;

void ap_start_init(va_t low_page, pa_t boot_root, pa_t kernel_root)
{
	size_t len = (size_t)(ap_trampoline_end - ap_trampoline_start);

	memcpy((void *)low_page.va, ap_trampoline_start, len);
	parameters = (struct ap_parameters *)(low_page.va + len) - 1;
	parameters->boot_root = (uint32_t)boot_root.pa;
	parameters->kernel_root = kernel_root.pa;
	parameters->in_image = (uint64_t)ap_in_image;
	parameters->has_nx = cpu_features.nx;
}

/* Blocks for at most `us` microseconds. */
static bool wait_online(const bool *online, uint64_t us)
{
	uint64_t end = clock_now_ns() + us * 1000;

	/* pairs with the store of the processor that comes up */
	while (!__atomic_load_n(online, __ATOMIC_ACQUIRE)) {
		if (clock_now_ns() >= end) {
			return false;
		}
		cpu_relax();
	}
	return true;
}

bool ap_start(uint32_t apic_id, uint64_t stack_top, uint64_t gs_base, void (*entry)(void),
	      const bool *online)
{
	parameters->stack_top = stack_top;
	parameters->gs_base = gs_base;
	parameters->entry = (uint64_t)entry;
	apic_send_init(apic_id);
	clock_delay_us(INIT_WAIT_US);
	apic_send_startup(apic_id, (pa_t){ AP_START_PA });
	if (!wait_online(online, SIPI_WAIT_US)) {
		apic_send_startup(apic_id, (pa_t){ AP_START_PA });
	}
	if (wait_online(online, ONLINE_WAIT_US)) {
		return true;
	}
	/* it must not come when its page tables are gone: this lets it wait for another SIPI */
	apic_send_init(apic_id);
	return false;
}
