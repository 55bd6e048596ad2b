/*
 * What the attacks share: the leak, direct-map synonyms, payloads.
 *
 * An attack only tries. Whether it got anywhere is for the kernel to say (struct bw_report), so
 * that a program cannot claim a success. Its exit code tells only how far it came: 0 tried and came
 * back, ATTACK_EXIT_SKIP cannot be tried here, ATTACK_EXIT_DENIED the kernel refused a vulnerable
 * call. docs/attacks.md shows how to write one.
 */
#pragma once

#include "bulwark.h"

enum { ATTACK_EXIT_SKIP = 77, ATTACK_EXIT_DENIED = 78 };

/* ---- Telling (attack.c) ---- */

/* Prints one line of what the attack is about to do. */
void attack_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends the attack: it cannot be tried on this machine. */
_Noreturn void attack_skip(const char *reason);
/* Ends the attack as denied where `status`, the result of the call, is -ENOSYS or -EPERM. */
void attack_check(const char *call, long status);
/* Says which uid the process has by now; returns the exit code for "tried and came back". */
int attack_finish(void);

/* ---- Knowing (attack.c) ---- */

/* Fills in the leak, or ends the attack as denied. */
void attack_leak(struct bw_leak *leak);
/* Anonymous memory, every page of it present; ends the attack where there is none. */
void *attack_pages(size_t nr_bytes);
/* One 2 MiB page, present; ends the attack where there is none. */
void *attack_huge_page(void);
/* The frame behind a mapped address of this process. */
uint64_t attack_pfn(const void *address);
/* Where the direct map would have the same byte. */
uint64_t attack_synonym(const struct bw_leak *leak, const void *address);

/* ---- Payloads (payload.c, rop.c) ---- */

/* A forged object and its table, laid out one after the other. */
struct payload_object {
	struct bw_vuln_object object;
	struct bw_vuln_ops ops;
};

/*
 * Forges an object at `at`, which the kernel will find at address `seen_at`, so that calling
 * through it is credentials_set(process, 0).
 */
void payload_object(void *at, uint64_t seen_at, const struct bw_leak *leak);
/*
 * Machine code that makes the process root and returns; position independent. The number of bytes.
 */
size_t payload_shellcode(void *at, const struct bw_leak *leak);

/* `pop REGISTER`, any number of further pops, `ret`: somewhere in the kernel's text. */
struct gadget {
	uint64_t address;
	unsigned int nr_extra; /* further words that it pops */
};
enum gadget_register { GADGET_RSI = 6, GADGET_RDI = 7 };

/*
 * A copy of the kernel's text, taken through the vulnerable read; ends the attack where there is
 * none.
 */
uint8_t *gadget_text(const struct bw_leak *leak, size_t *nr_bytes);
/* Finds a gadget in that copy; false where there is none. */
bool gadget_find(const uint8_t *text, size_t nr_bytes, uint64_t text_base, enum gadget_register reg,
		 struct gadget *gadget);

/*
 * Writes a chain to the top of a page that the kernel will find at `seen_at`:
 * credentials_set(process, 0), then back to user mode at `resume`, on a stack of its own. The
 * address to pivot to.
 */
uint64_t payload_chain(void *page, uint64_t seen_at, const struct bw_leak *leak,
		       void (*resume)(void));
