/*
 * The deliberately vulnerable system calls (boot option vuln=on), and nothing else: sys_vuln_NAME,
 * declared in task/syscall.h.
 */
#pragma once

#include "task/syscall.h"
