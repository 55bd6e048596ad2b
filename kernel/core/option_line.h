/* Command lines made of others. */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

/*
 * The words, then those of the line that are for other options, as they stand there. ENAMETOOLONG
 * where that does not fit into size_bytes.
 */
status_t option_line_override(const char *line, const char *words, char *out,
			      size_t size_bytes) MUST_CHECK;
