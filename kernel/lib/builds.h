/* What the compiler puts in front of accesses in the builds that look: docs/builds.md. */
#pragma once

#ifdef BULWARK_KASAN
enum { KASAN = 1 };
#else
enum { KASAN = 0 };
#endif

#ifdef BULWARK_RACE
enum { RACE = 1 };
#else
enum { RACE = 0 };
#endif

/* Of a function that touches what nobody else may, such as the links of free objects. */
#define UNCHECKED __attribute__((no_sanitize("address,thread")))
