/* The PCI host bridge's address port. */
#include "arch/x86_64/device/pci.h"

#include "arch/x86_64/cpu/io.h"

enum { PORT_ADDRESS = 0xcf8 };
#define ADDRESS_ENABLE 0x80000000u

/* The bridge keeps what is written; where there is none, the port reads as ones. */
bool pci_is_present(void)
{
	uint32_t before = io_read32(PORT_ADDRESS), after;

	io_write32(PORT_ADDRESS, ADDRESS_ENABLE);
	after = io_read32(PORT_ADDRESS);
	io_write32(PORT_ADDRESS, before);
	return after == ADDRESS_ENABLE;
}
