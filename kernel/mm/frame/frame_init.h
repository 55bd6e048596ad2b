/* Boot only: hands memory over to the frame allocator. */
#pragma once

#include "mm/frame/frame.h"

struct ram;

/* Maps the frame table, all RESERVED, and says where it is. Frames from boot_alloc_kernel. */
void frame_table_build(const struct ram *ram);
/* Behind the claims: the frames of the table know where they are mapped. */
void frame_table_note_places(void);
/* As buddy_init has it. */
void frame_alloc_init(uint16_t *nr_free_in);
/* [start, end) was RESERVED and becomes FREE, revealed. */
void frame_table_fill(pfn_t start, pfn_t end);
/* RESERVED frames that early boot handed out get their owner. */
void frame_table_claim(pfn_t first, uint32_t nr, enum owner owner);
/* Whether the current process is root's, for which memory is kept back. Until it is set all is. */
void frame_alloc_set_root_hook(bool (*hook)(void));
/* Fault injection: the hook decides at every allocation site. */
void allocation_set_fail_hook(bool (*hook)(void));
