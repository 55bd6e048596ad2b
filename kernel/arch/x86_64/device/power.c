/*
 * Switches the machine off. Sources: QEMU "acpi: PM1a control" of the i440fx and q35 machines,
 * "isa-debug-exit"; Bochs user manual, "unmapped" device.
 */
#include "arch/x86_64/device/power.h"

#include "arch/x86_64/cpu/io.h"
#include "arch/x86_64/cpu/registers.h"

enum {
	PORT_QEMU_PM1A = 0x604,
	PORT_OLD_PM1A = 0xb004,
	PM1A_SLEEP_S5 = 0x2000,
	PORT_BOCHS = 0x8900,
	PORT_DEBUG_EXIT = 0xf4,
};

void power_cut(int status)
{
	io_write16(PORT_QEMU_PM1A, PM1A_SLEEP_S5);
	io_write16(PORT_OLD_PM1A, PM1A_SLEEP_S5);
	for (const char *at = "Shutdown"; *at; at++) {
		io_write8(PORT_BOCHS, (uint8_t)*at);
	}
	io_write32(PORT_DEBUG_EXIT, (uint32_t)status);
	for (;;) {
		cpu_halt_forever_step();
	}
}
