/*
 * Address-space slots: which PCIDs hold whose translations. What each holds core/current.h says.
 *
 *   PCID 0            boot root: no user half; also idle, and everything when PCIDs are off
 *   PCID 1 .. 6       kernel root of slot 0 .. 5
 *   PCID 7            window root
 *   PCID 0x801 ..     shadow root of slot 0 .. 5: the kernel's with bit 11 set
 */
#pragma once

#include "core/tlb_cpu.h"

enum { PCID_BOOT = 0, PCID_SLOT_FIRST = 1, PCID_WINDOW = 7, PCID_USER_BIT = 0x800 };
static_assert(PCID_SLOT_FIRST + NR_ASIDS <= PCID_WINDOW, "slot PCIDs end before the window's");
