/*
 * The deliberately vulnerable system calls (boot option vuln=on), and nothing else: sys_vuln_NAME,
 * declared in task/call/syscall.h. Here is what their files share.
 */
#pragma once

#include "task/call/syscall.h"

/* Dereferences that are wrong on purpose: no checker may get in their way. */
#define VULNERABLE __attribute__((noinline, no_sanitize("undefined")))

/* Every vulnerable call begins with the one and ends with the other. False: there are none. */
bool vuln_enter(void);
int64_t vuln_leave(uint64_t result);
/* The same of a call that stores nothing, and must leave the TLB as it is. */
int64_t vuln_leave_unchanged(uint64_t result);

/* The bugs themselves, at an address that nobody checked. */
uint64_t vuln_read_from(uint64_t address);
void vuln_write_to(uint64_t address, uint64_t value);
void vuln_store_to(uint64_t address, uint64_t value, unsigned size_bytes);
void vuln_call_through(uint64_t object);
