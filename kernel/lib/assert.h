/*
 * assert states what our own code guarantees. It is active in debug builds; in release builds the
 * condition is still compiled, never evaluated.
 */
#pragma once

#undef assert /* the host's, in host tests */

_Noreturn void assert_failed(const char *condition, const char *file, int line,
			     const char *function);

#ifdef BULWARK_DEBUG
enum { ASSERTIONS = 1 };
#else
enum { ASSERTIONS = 0 };
#endif

#define assert(condition)                                                                          \
	do {                                                                                       \
		if (ASSERTIONS && !(condition)) {                                                  \
			assert_failed(#condition, __FILE__, __LINE__, __func__);                   \
		}                                                                                  \
	} while (0)
