/*
 * What an attacker has: what leaks, what proves a success to the kernel, and the deliberately
 * vulnerable calls. A part of bulwark.h, which says what they return.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/bulwark.h"
#include "bulwark_calls.h"

/*
 * The number of the physical frame behind a mapped page of the caller, as /proc/self/pagemap once
 * told.
 */
static inline long bw_pagemap(const void *page, uint64_t *pfn)
{
	return bw_call_pagemap((long)page, (long)pfn);
}

/*
 * Show the kernel that its flag was read, and that its image was found. It tells nothing: the
 * result is 0, right or wrong, and only the first BW_PROOFS_MAX claims of an attack count.
 */
static inline long bw_flag_prove(uint64_t flag) { return bw_call_flag_prove((long)flag); }
static inline long bw_base_prove(uint64_t address) { return bw_call_base_prove((long)address); }

/*
 * The deliberately vulnerable calls: kernel bugs made to order, -ENOSYS unless vuln=on. They check
 * nothing. Addresses are integers here since most are the kernel's.
 */

/* An information leak: where things are in the kernel. */
static inline long bw_vuln_leak(struct bw_leak *leak) { return bw_call_vuln_leak((long)leak); }

/* The kernel calls the code at this address. Returns if that code does. */
static inline long bw_vuln_jump(uint64_t address) { return bw_call_vuln_jump((long)address); }

/* The kernel calls object->ops->handle of the struct bw_vuln_object at this address. */
static inline long bw_vuln_call(uint64_t object) { return bw_call_vuln_call((long)object); }

/* The 8 bytes at this address. */
static inline long bw_vuln_read(uint64_t address) { return bw_call_vuln_read((long)address); }

/* Stores 8 bytes at this address. */
static inline long bw_vuln_write(uint64_t address, uint64_t value)
{
	return bw_call_vuln_write((long)address, (long)value);
}

/* Stores the lowest bytes of the value, 1 to 8 of them, with one instruction where that is a power
 * of two: -EINVAL for any other number. */
static inline long bw_vuln_store(uint64_t address, uint64_t value, uint64_t size_bytes)
{
	return bw_call_vuln_store((long)address, (long)value, (long)size_bytes);
}

/* The kernel takes this address for its stack and returns: the word there is where it goes on. */
static inline long bw_vuln_pivot(uint64_t stack) { return bw_call_vuln_pivot((long)stack); }

/* The 8 bytes at an offset in a frame, read through xpfo_kmap. */
static inline long bw_vuln_kmap_read(uint64_t pfn, uint64_t offset)
{
	return bw_call_vuln_kmap_read((long)pfn, (long)offset);
}

/* Loads from this address and returns: the processor may remember where it led. */
static inline long bw_vuln_warm(uint64_t address) { return bw_call_vuln_warm((long)address); }

/*
 * Blocks, inside the kernel and without leaving the processor: loads from this address, parks until
 * another thread says bw_vuln_unpark, then does as bw_vuln_call. -ETIMEDOUT where nobody does for
 * twenty seconds, -EINTR where it is called off.
 */
static inline long bw_vuln_call_parked(uint64_t object)
{
	return bw_call_vuln_call_parked((long)object);
}

/* Blocks, parked likewise, while the kernel holds the frame of a page of the caller by xpfo_kmap.
 */
static inline long bw_vuln_kmap_hold(const void *page)
{
	return bw_call_vuln_kmap_hold((long)page);
}

/* The same with the frame in the processor's open private window. */
static inline long bw_vuln_window_hold(const void *page)
{
	return bw_call_vuln_window_hold((long)page);
}

/*
 * A model of a processor that checks permissions too late: the 8 bytes at a kernel address, if the
 * root that user mode runs on translates it, whatever its rights; else -EFAULT.
 */
static inline long bw_vuln_meltdown(uint64_t address, uint64_t *word)
{
	return bw_call_vuln_meltdown((long)address, (long)word);
}

/*
 * A model of what timing tells on a processor: the first kernel address at or above this one that
 * the root that user mode runs on translates; -ENOENT where there is none.
 */
static inline long bw_vuln_probe(uint64_t address, uint64_t *found)
{
	return bw_call_vuln_probe((long)address, (long)found);
}

/* How many threads of the calling process are parked. */
static inline long bw_vuln_parked(void) { return bw_call_vuln_parked(); }

/* Lets them go on, or calls them off; how many there were. */
static inline long bw_vuln_unpark(bool go_on) { return bw_call_vuln_unpark(go_on); }

/* Where sealed memory lies. */
static inline long bw_vuln_sealed(struct bw_sealed *sealed)
{
	return bw_call_vuln_sealed((long)sealed);
}

/* A new pool with one object of BW_SEALED_BYTES: its address. -EAGAIN beyond BW_SEALED_POOLS. */
static inline long bw_vuln_pool_open(uint64_t *object)
{
	return bw_call_vuln_pool_open((long)object);
}

/* Fills the object with BW_SEALED_VALUE and seals its pool: what it holds then is watched. */
static inline long bw_vuln_pool_seal(uint64_t object)
{
	return bw_call_vuln_pool_change((long)object, BW_POOL_SEAL_OWN);
}

static inline long bw_vuln_pool_destroy(uint64_t object)
{
	return bw_call_vuln_pool_change((long)object, BW_POOL_DESTROY_OWN);
}

/* Makes a pool read-only, or destroys it, by an address of its descriptor that nobody checked. */
static inline long bw_vuln_pool_change(uint64_t pool, enum bw_pool_change how)
{
	return bw_call_vuln_pool_change((long)pool, how);
}

/* Stores 8 bytes at an address, parks, and stores the value + 1 there. */
static inline long bw_vuln_write_parked(uint64_t address, uint64_t value)
{
	return bw_call_vuln_write_parked((long)address, (long)value);
}

/*
 * Blocks, parked: stores BW_COPY_BYTES at a kernel address as often as the processor can, until it
 * is called off. They were stored at least once where it counts as parked.
 */
static inline long bw_vuln_copy_on(uint64_t address, const void *bytes)
{
	return bw_call_vuln_copy_on((long)address, (long)bytes);
}

/*
 * The kernel is the first to use a page of the caller's, looks there for a fifth of a second, and
 * calls through the struct bw_vuln_object that it finds. -ENOENT: none; -EINVAL: the page is in
 * use.
 */
static inline long bw_vuln_call_fresh(const void *page)
{
	return bw_call_vuln_call_fresh((long)page);
}

/*
 * A new pool of up to BW_SEALED_PAGES that is born sealed, with one object, which stays zero: what
 * else it holds is watched. -EAGAIN beyond BW_SEALED_POOLS.
 */
static inline long bw_vuln_pool_born(uint64_t nr_pages, struct bw_sealed_object *object)
{
	return bw_call_vuln_pool_born((long)nr_pages, (long)object);
}

/* A write-rare of 8 bytes at an address that nobody checked. */
static inline long bw_vuln_wr(uint64_t address, uint64_t value)
{
	return bw_call_vuln_wr((long)address, (long)value);
}

/*
 * An NMI on another processor, whose handler has a lot to do, as those of watchdogs and profilers:
 * until bw_vuln_nmi_end, or for a second. Where it was told what it interrupted, a struct bw_regs;
 * 0: it interrupted no kernel code.
 */
static inline long bw_vuln_nmi_hold(unsigned int cpu) { return bw_call_vuln_nmi_hold((long)cpu); }
static inline long bw_vuln_nmi_end(void) { return bw_call_vuln_nmi_end(); }

/* Parks while the write-rare object is writable for this processor. */
static inline long bw_vuln_wr_hold(void) { return bw_call_vuln_wr_hold(); }

/* Stores 8 bytes into a frame through a kernel mapping of it. -EPERM: it cannot be mapped. */
static inline long bw_vuln_kmap_write(uint64_t pfn, uint64_t offset, uint64_t value)
{
	return bw_call_vuln_kmap_write((long)pfn, (long)offset, (long)value);
}

/*
 * Stores 8 bytes into a frame by mapping it at a page of the caller's for so long. -EINVAL: the
 * page is not private, writable and of 4 KiB; -EPERM: the frame cannot be mapped there.
 */
static inline long bw_vuln_user_map_write(void *page, uint64_t pfn, uint64_t offset, uint64_t value)
{
	return bw_call_vuln_user_map_write((long)page, (long)pfn, (long)offset, (long)value);
}

/* The first `len` bytes of a record that has BW_SEALED_BYTES; -EFAULT. */
static inline long bw_vuln_overread(void *buffer, uint64_t len)
{
	return bw_call_vuln_overread((long)buffer, (long)len);
}
