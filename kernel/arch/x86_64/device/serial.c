/* 16550 serial ports. Register names as in the National Semiconductor PC16550D data sheet. */
#include "arch/x86_64/device/serial.h"

#include "arch/x86_64/cpu/io.h"

enum {
	THR = 0,
	RBR = 0,
	DIVISOR_LOW = 0,
	IER = 1,
	DIVISOR_HIGH = 1,
	FCR = 2,
	LCR = 3,
	MCR = 4,
	LSR = 5,
	SCRATCH = 7,
};

enum { IER_RECEIVED = 0x01 };
enum { FCR_ENABLE_AND_CLEAR = 0x07 };
enum { LCR_8N1 = 0x03, LCR_DIVISOR = 0x80 };
enum { MCR_DTR_RTS = 0x03, MCR_INTERRUPTS = 0x08 };
enum { LSR_RECEIVED = 0x01, LSR_FIFO_EMPTY = 0x20, LSR_IDLE = 0x40 };
enum { DIVISOR_115200 = 1, FIFO_BYTES = 16, EARLY_BYTES = 64 };

/* Reads of LSR before a port counts as stuck; a stuck one is then asked less patiently. */
enum { PATIENCE = 5000000, PATIENCE_STUCK = 1000 };

static const uint16_t bases[NR_SERIAL_PORTS] = { 0x3f8, 0x2f8 };

static struct {
	bool is_present;
	bool is_stuck;
	/* What was typed before the port was set up: enabling its FIFOs would lose it. */
	uint8_t early[EARLY_BYTES];
	unsigned nr_early, nr_early_read;
} ports[NR_SERIAL_PORTS];

static bool scratch_holds(uint16_t base, uint8_t value)
{
	io_write8(base + SCRATCH, value);
	return io_read8(base + SCRATCH) == value;
}

static bool is_received(uint16_t base) { return io_read8(base + LSR) & LSR_RECEIVED; }

static void keep_early_input(enum serial_port port)
{
	while (ports[port].nr_early < EARLY_BYTES && is_received(bases[port])) {
		ports[port].early[ports[port].nr_early++] = io_read8(bases[port] + RBR);
	}
}

void serial_init(enum serial_port port)
{
	uint16_t base = bases[port];

	if (!scratch_holds(base, 0x55) || !scratch_holds(base, 0xaa)) {
		return;
	}
	io_write8(base + IER, 0);
	io_write8(base + LCR, LCR_8N1);
	keep_early_input(port);
	io_write8(base + LCR, LCR_DIVISOR);
	io_write8(base + DIVISOR_LOW, DIVISOR_115200);
	io_write8(base + DIVISOR_HIGH, 0);
	io_write8(base + LCR, LCR_8N1);
	io_write8(base + FCR, FCR_ENABLE_AND_CLEAR);
	io_write8(base + MCR, MCR_DTR_RTS | MCR_INTERRUPTS);
	ports[port].is_present = true;
}

bool serial_is_present(enum serial_port port) { return ports[port].is_present; }

static bool wait_for(enum serial_port port, uint8_t lsr_bit)
{
	unsigned patience = ports[port].is_stuck ? PATIENCE_STUCK : PATIENCE;

	while (patience-- > 0) {
		if (io_read8(bases[port] + LSR) & lsr_bit) {
			ports[port].is_stuck = false;
			return true;
		}
	}
	ports[port].is_stuck = true;
	return false;
}

void serial_write(enum serial_port port, const char *text, size_t len_bytes)
{
	if (!ports[port].is_present) {
		return;
	}
	while (len_bytes > 0 && wait_for(port, LSR_FIFO_EMPTY)) {
		size_t burst = MIN(len_bytes, (size_t)FIFO_BYTES);

		len_bytes -= burst;
		while (burst-- > 0) {
			io_write8(bases[port] + THR, (uint8_t)*text++);
		}
	}
}

bool serial_try_read(enum serial_port port, uint8_t *out)
{
	if (ports[port].nr_early_read < ports[port].nr_early) {
		*out = ports[port].early[ports[port].nr_early_read++];
		return true;
	}
	if (!ports[port].is_present || !is_received(bases[port])) {
		return false;
	}
	*out = io_read8(bases[port] + RBR);
	return true;
}

void serial_enable_receive_interrupt(enum serial_port port)
{
	if (ports[port].is_present) {
		io_write8(bases[port] + IER, IER_RECEIVED);
	}
}

void serial_drain(enum serial_port port)
{
	if (ports[port].is_present) {
		wait_for(port, LSR_IDLE);
	}
}
