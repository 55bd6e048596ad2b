/* Whether there is a PCI bus. Source: PCI Local Bus specification, "Configuration mechanism #1". */
#pragma once

#include "lib/types.h"

bool pci_is_present(void);
