/* Reading the kernel's memory, as the attacker may: what is there, and which page tables lead
 * there. */
#pragma once

#include <bulwark_kernel.h>

#include "board.h"

#define ENTRY_MASK 0x000ffffffffff000ul
enum { ENTRY_PRESENT = 1, ENTRY_WRITABLE = 2, ENTRY_HUGE = 0x80, LEVELS = 4 };

static inline uint64_t read_word(uint64_t address) { return (uint64_t)bw_vuln_read(address); }
static inline uint32_t read_number(uint64_t address) { return (uint32_t)read_word(address); }

/* A symbol of the image, and the word there. */
#define symbol(name) (board->self.leak.image_base + BW_SYMBOL_##name)
#define symbol_word(name) read_word(symbol(name))
/* A member of a structure at an address. */
#define member(struct_name, address, path) read_word((address) + BW_OFFSET_##struct_name##__##path)

/* Where the direct map has a frame, whether or not it does. */
static inline uint64_t alias_of(uint64_t pfn)
{
	return board->self.leak.direct_map_base + pfn * PAGE;
}

/* Where the entry of an address lies at each level, 4 to 1, under a root, as far as there are any;
 * the lowest entry. */
uint64_t walk(uint64_t root_pfn, uint64_t address, uint64_t places[LEVELS]);
uint64_t kernel_root_pfn(void);
/* The frame of a kernel address; 0: none. */
uint64_t frame_of(uint64_t address);
/* May a word there be read without a fault? */
bool is_mapped(uint64_t address);

uint64_t as_of(const struct who *who);
uint64_t thread_of(const struct who *who);
uint64_t root_of(const struct who *who);
uint64_t cpu_at(unsigned id);
/* The page table that maps the process's page. */
uint64_t table_of(const struct who *who);
/* struct frame of a frame. */
uint64_t row_of(uint64_t pfn);
/* The bytes of a file of the boot archive; 0: there is none. */
uint64_t archive_bytes(const char *path);

/* Once, before any attacker: what is found out about the kernel's own root and the archive between
 * the two is kept, as looking there is most of a store's cost. For what stays. */
void places_keep(void);
void places_kept(void);
