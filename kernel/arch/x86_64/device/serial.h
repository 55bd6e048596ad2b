/* The two 16550 serial ports: 115200 baud, 8 data bits, no parity, FIFO on. Polled output. */
#pragma once

#include "lib/types.h"

enum serial_port { SERIAL_COM1, SERIAL_COM2, NR_SERIAL_PORTS };

/*
 * Looks for the port and sets it up, interrupts off. A port that is absent ignores output and has
 * no input.
 */
void serial_init(enum serial_port port);
bool serial_is_present(enum serial_port port);

/*
 * Waits, for a bounded time, until the port has taken the bytes; drops them when it takes none.
 * The bytes go out as they are.
 */
void serial_write(enum serial_port port, const char *text, size_t len_bytes);

/* False when no byte has arrived. */
bool serial_try_read(enum serial_port port, uint8_t *out);

/*
 * Raises IRQ 4 (COM1) or 3 (COM2) when a byte arrives. The handler reads until serial_try_read
 * fails.
 */
void serial_enable_receive_interrupt(enum serial_port port);

/* Waits, for a bounded time, until everything written has left the port: before power-off. */
void serial_drain(enum serial_port port);
