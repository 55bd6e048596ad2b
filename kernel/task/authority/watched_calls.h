/*
 * The table that serves the members of an attack: each of its rows leads to the witness first, and
 * from there to where the program's own table leads.
 */
#pragma once

#include "core/syscall_table.h"

extern const struct syscall_table syscall_table_watched;
