/* Ports of a machine that the test makes up: it defines both functions. */
#pragma once

#include "lib/types.h"

uint8_t io_read8(uint16_t port);
void io_write8(uint16_t port, uint8_t value);
