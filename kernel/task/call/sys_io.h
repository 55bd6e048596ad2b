/* Descriptors, for other calls. */
#pragma once

#include "lib/types.h"

/* Is this descriptor of the current process open? Its upper half is not looked at. */
bool descriptor_is_open(uint64_t fd);
