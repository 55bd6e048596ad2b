/* Starting the other processors. Source: Intel SDM vol. 3A, "Multiple-Processor (MP)
 * Initialization". */
#pragma once

#include "lib/types.h"

/* Where they start: a page of low memory. */
#define AP_START_PA 0x8000ul

/* Boot: low_page is where AP_START_PA is mapped, writable; boot_root the page tables of boot.asm,
 * below 4 GiB. */
void ap_start_init(va_t low_page, pa_t boot_root, pa_t kernel_root);

/*
 * Starts the processor with this APIC id: INIT, 10 ms, SIPI, SIPI. It arrives in `entry` on the
 * given stack, on the kernel's root, with GS at gs_base. One at a time. Blocks until it sets
 * *online (true), or has not within a second (false); then it never will.
 */
bool ap_start(uint32_t apic_id, uint64_t stack_top, uint64_t gs_base, void (*entry)(void),
	      const bool *online);
