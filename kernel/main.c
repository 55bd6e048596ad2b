/* The boot order, as one list. */
#include "main.h"

#include "../boot/loader.h"
#include "../boot/loader_facts.h"
#include "abi/version.h"
#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/device/clock.h"
#include "arch/x86_64/device/pci.h"
#include "arch/x86_64/device/pic.h"
#include "arch/x86_64/device/serial.h"
#include "arch/x86_64/entry/context.h"
#include "arch/x86_64/entry/entry_set.h"
#include "arch/x86_64/entry/uaccess.h"
#include "arch/x86_64/smp/apic.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/options.h"
#include "core/panic.h"
#include "mm/as/as_init.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/kspace.h"
#include "mm/frame/window.h"
#include "mm/frame/xpfo.h"
#include "mm/gate/gate.h"
#include "mm/pool/pmalloc.h"
#include "mm/sanitizer/marks.h"
#include "mm/sanitizer/race.h"
#include "mm/table/entry_area.h"
#include "mm/table/kaiser.h"
#include "mm/table/layout.h"
#include "mm/table/memory.h"
#include "task/sched/irq.h"
#include "task/start.h"
#include "vuln/nmi.h"
#include "vuln/target.h"

/* The VGA text screen: IBM VGA, mode 3. */
#define VGA_TEXT_PA 0xb8000ul
enum { VGA_TEXT_BYTES = 80 * 25 * 2 };

/* Until the entry area exists: GS points here. */
static struct {
	struct cpu_entry entry;
	char fill[CPU_OFFSET - sizeof(struct cpu_entry)];
	struct cpu cpu;
} early_cpu __attribute__((aligned(4096)));

static struct boot_info boot_info;

static void early_cpu_init(void)
{
	early_cpu.cpu.self = &early_cpu.cpu;
	early_cpu.cpu.entry = &early_cpu.entry;
	cpus[0] = &early_cpu.cpu;
	nr_cpus = 1;
	msr_write(MSR_GS_BASE, (uint64_t)&early_cpu);
}

/* In one piece of usable memory: the frame table will know its frames. */
static bool is_in_memory(pa_t start, pa_t end)
{
	for (unsigned i = 0; i < boot_info.nr_usable; i++) {
		if (boot_info.usable[i].start.pa <= start.pa &&
		    end.pa <= boot_info.usable[i].end.pa) {
			return true;
		}
	}
	return false;
}

static void read_boot_info(uint32_t loader, uint32_t info_pa)
{
	pa_t start = { LOAD_BASE }, end = { LOAD_BASE + (uint64_t)(image_end - image_start) };

	if (loader_parse(loader, info_pa, &boot_info) ||
	    boot_info_check(&boot_info, start, end, "the kernel image")) {
		panic("boot information refused: %s", boot_info.error);
	}
	if (!is_in_memory(start, end)) {
		panic("boot information refused: the kernel image lies outside of memory");
	}
	for (unsigned i = 0; i < boot_info.nr_modules; i++) {
		if (!is_in_memory(boot_info.modules[i].start, boot_info.modules[i].end)) {
			panic("boot information refused: module %u, '%s', lies outside of memory",
			      i, boot_info.modules[i].name);
		}
	}
}

/* A feature that is wanted but not there is off, and said to be. */
static void features_init(void)
{
	char model[FEATURES_MODEL_BYTES];

	features_detect();
	if (options.smep == smep_on && !cpu_features.smep) {
		options_force_off("smep", "this processor does not have it");
	}
	if (options.smap == smap_on && !cpu_features.smap) {
		options_force_off("smap", "this processor does not have it");
	}
	if (options.umip == umip_on && !cpu_features.umip) {
		options_force_off("umip", "this processor does not have it");
	}
	features_enable((struct cpu_wants){ .smep = options.smep == smep_on,
					    .smap = options.smap == smap_on,
					    .umip = options.umip == umip_on });
	uaccess_init(options.smap == smap_on);
	log_print("bulwark: processor model: %s\n", features_model(model));
	log_print("bulwark: processor: NX %s, WP on, SMEP %s, SMAP %s, UMIP %s, PCID %s\n",
		  cpu_features.nx ? "on" : "absent", options.smep == smep_on ? "on" : "off",
		  options.smap == smap_on ? "on" : "off", options.umip == umip_on ? "on" : "off",
		  cpu_features.pcid ? "present" : "absent");
}

/*
 * authority=off: user mode's RFLAGS are what was saved, as in other kernels. The boot tables still
 * show the image writable, one to one.
 */
static void authority_init(void)
{
	uint64_t offset = (uint64_t)&entry_user_rflags - (uint64_t)image_start;

	if (options.authority == authority_off) {
		*(uint64_t *)(LOAD_BASE + offset) = RFLAGS_ALL;
	}
}

/* This CPU moves from early_cpu to its place in the entry area. */
static void boot_cpu_init(void)
{
	struct cpu *cpu;

	entry_area_init();
	if (entry_area_add_cpu(0, &cpu) || window_init_cpu(cpu)) {
		panic("no memory for the boot processor's data");
	}
	gate_add_cpu(0);
	for (unsigned i = 0; i < NR_COUNTERS; i++) {
		cpu->counters[i] = early_cpu.cpu.counters[i];
	}
	cpu->tlb = early_cpu.cpu.tlb;
	cpu->entry->mode = early_cpu.entry.mode;
	cpu->online = true;
	cpus[0] = cpu;
	entry_area_load(0);
	kaiser_init_cpu();
	fpu_init();
}

/* Machines differ: a microvm has next to nothing of a PC. */
static void devices_report(bool has_pit, bool has_pic)
{
	log_print("bulwark: devices: 8254 %s, 8259 %s, VGA %s, PCI %s\n",
		  has_pit ? "present" : "absent", has_pic ? "present" : "absent",
		  vga_mode() != VGA_ABSENT ? "present" : "absent",
		  pci_is_present() ? "present" : "absent");
	if (!has_pit) {
		log_print("bulwark: no 8254 to measure the TSC with: %lu MHz unchecked\n",
			  clock_tsc_hz() / 1000000);
	}
	if (!has_pic) {
		log_print("bulwark: no 8259, no interrupts by devices: the console is polled\n");
	}
}

/*
 * authority=on: the registers are reached by MSR, or else on private roots; each use then loads CR3
 * twice. With kaiser=off, where nothing else does, they are mapped as other devices are: without
 * PCIDs these loads would flush what the flaws of XPFO's variants live of.
 */
static enum apic_access apic_access(void)
{
	if (options.authority == authority_off) {
		return APIC_MAPPED;
	}
	if (cpu_features.x2apic) {
		return APIC_BY_MSR;
	}
	return kaiser_in_force == kaiser_off ? APIC_MAPPED : APIC_PRIVATE;
}

static void apic_find(void)
{
	va_t registers = { WINDOW_APIC };
	enum apic_access access = apic_access();

	if (access == APIC_MAPPED && options.authority == authority_on) {
		log_print(
			"bulwark: authority: the local APIC stays mapped: kaiser=off, no x2APIC\n");
	}
	if (access == APIC_PRIVATE) {
		window_apic_init(apic_base());
	} else if (access == APIC_MAPPED &&
		   ioremap(apic_base(), PAGE_SIZE, DEVICE_UNCACHED, &registers)) {
		panic("no memory to map the local APIC");
	}
	apic_init(access, registers);
}

static void devices_init(void)
{
	bool has_pic = pic_init(), has_pit;

	apic_find();
	has_pit = clock_init();
	apic_timer_calibrate();
	this_cpu()->apic_id = apic_id();
	irq_init(has_pic);
	devices_report(has_pit, has_pic);
}

static void screen_init(void)
{
	va_t pixels;

	if (boot_info.screen == BOOT_SCREEN_UNSAID && vga_mode() == VGA_TEXT) {
		boot_info.screen = BOOT_SCREEN_TEXT;
	}
	if (boot_info.screen == BOOT_SCREEN_TEXT &&
	    ioremap((pa_t){ VGA_TEXT_PA }, VGA_TEXT_BYTES, DEVICE_UNCACHED, &pixels) == STATUS_OK) {
		screen_init_text((void *)pixels.va);
	} else if (boot_info.screen == BOOT_SCREEN_FRAMEBUFFER &&
		   framebuffer_is_supported(&boot_info.framebuffer) &&
		   ioremap(boot_info.framebuffer.pa, framebuffer_size_bytes(&boot_info.framebuffer),
			   DEVICE_WRITE_COMBINING, &pixels) == STATUS_OK) {
		screen_init_framebuffer((void *)pixels.va, &boot_info.framebuffer);
	}
	log_screen_ready();
}

/* What was parsed is kept in a sealed pool; single values lie in .ro_after_init. */
static void options_seal(void)
{
	const struct pool *pool;

	if (pmalloc_create_pool("options", POOL_RO, PAGE_SIZE, 0, &pool) ||
	    pmalloc_claim_pool(pool) || pstrdup(pool, options.cmd, &options.cmd) ||
	    pmalloc_protect_pool(pool)) {
		panic("no memory for the boot options");
	}
}

/* What the loader's map holds that is not used. */
static void memory_loss_report(void)
{
	if (boot_info.nr_ranges_refused) {
		log_print("bulwark: memory map: entries that wrap or reach beyond %lu GiB: %u, "
			  "%lu KiB left out\n",
			  PFN_MAX << PAGE_SHIFT >> 30, boot_info.nr_ranges_refused,
			  boot_info.too_high_bytes >> 10);
	}
	if (boot_info.nr_ranges_left_out) {
		log_print("bulwark: memory map: %u ranges too many, %lu KiB left out\n",
			  boot_info.nr_ranges_left_out, boot_info.left_out_bytes >> 10);
	}
}

static void memory_report(void)
{
	struct frame_stats stats;

	memory_loss_report();
	frame_stats_read(&stats);
	log_print(
		"bulwark: memory: %lu MiB, %lu KiB in page tables, %lu KiB in the kernel, of these "
		"%lu KiB in the frame table\n",
		stats.nr_usable >> 8, stats.nr_ptable << 2, stats.nr_kernel << 2,
		memory_frame_table_bytes() >> 10);
}

/* Where the kernel reads the boot archive: read-only from now on, and nowhere else. */
static const void *archive_seal(const struct boot_module *module)
{
	pfn_t first = pa_to_pfn(module->start);
	uint64_t end = align_up(module->end.pa, PAGE_SIZE);
	va_t at = { direct_map_address(first) };

	if (options.authority == authority_on &&
	    kspace_map_sealed(first, pa_to_pfn((pa_t){ end }).pfn - first.pfn, &at)) {
		panic("no memory to map the boot archive");
	}
	return (const void *)(at.va + module->start.pa % PAGE_SIZE);
}

UNCHECKED void kernel_main(uint32_t loader, uint32_t info_pa)
{
	unsigned nr_refused;

	if (KASAN) {
		marks_begin();
	}
	early_cpu_init();
	serial_init(SERIAL_COM1);
	serial_init(SERIAL_COM2);
	log_print("bulwark: version " BULWARK_VERSION
		  ", a microkernel that shows how kernel memory is defended\n");
	read_boot_info(loader, info_pa);
	nr_refused = options_parse(boot_info.command_line);
	log_start();
	if (nr_refused) {
		log_print("bulwark: words of the command line refused, see above: %u\n",
			  nr_refused);
	}
	features_init();
	authority_init();
	kaiser_init();
	xpfo_use(options.xpfo);
	gate_choose();
	memory_init(&boot_info);
	boot_cpu_init();
	if (RACE) {
		race_start();
	}
	devices_init();
	screen_init();
	pmalloc_init();
	options_seal();
	if (options.vuln == vuln_on) {
		target_init();
		vuln_nmi_init();
	}
	as_init();
	memory_report();
	options_print();
	if (!boot_info.nr_modules) {
		panic("the loader gave no boot archive: GRUB needs a module2 line, QEMU -initrd");
	}
	task_start(&boot_info, archive_seal(&boot_info.modules[0]),
		   boot_info.modules[0].end.pa - boot_info.modules[0].start.pa);
}
