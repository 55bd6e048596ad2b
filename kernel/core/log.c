/*
 * Kernel messages. A ring keeps the last ones, so that a sink that becomes ready later gets them
 * all the same.
 */
#include "core/log.h"

#include "arch/x86_64/screen.h"
#include "arch/x86_64/serial.h"
#include "core/lock.h"
#include "core/options.h"
#include "lib/format.h"
#include "lib/string.h"

enum { RING_BYTES = 16384, MESSAGE_BYTES = 512 };

enum sink {
	SINK_COM1 = 1 << SERIAL_COM1,
	SINK_COM2 = 1 << SERIAL_COM2,
	SINK_SCREEN = 1 << NR_SERIAL_PORTS,
};

static char ring[RING_BYTES];
static uint64_t ring_total; /* bytes ever written to the ring */
static unsigned sinks;      /* enum sink, or-ed; 0 until log_start */

/* Guards the ring, the ports and the screen; in an emergency nobody waits for whoever holds it. */
static struct lock output = LOCK_INIT("output", RANK_log);
static bool is_emergency;

static void write_bytes(unsigned to, const char *text, size_t len)
{
	if (to & SINK_COM1) {
		serial_write(SERIAL_COM1, text, len);
	}
	if (to & SINK_COM2) {
		serial_write(SERIAL_COM2, text, len);
	}
	if (to & SINK_SCREEN) {
		screen_write(text, len);
	}
}

/* A terminal wants \r\n where a line ends. */
static void write_sinks(unsigned to, const char *text, size_t len)
{
	size_t start = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n') {
			write_bytes(to, text + start, i - start);
			write_bytes(to, "\r\n", 2);
			start = i + 1;
		}
	}
	write_bytes(to, text + start, len - start);
}

/* Writes what the ring holds, oldest first. */
static void replay(unsigned to)
{
	size_t end = ring_total % RING_BYTES;

	if (ring_total > RING_BYTES) {
		write_sinks(to, ring + end, RING_BYTES - end);
	}
	write_sinks(to, ring, end);
}

void log_start(void)
{
	sinks = options.log == log_com2 ? SINK_COM2 : SINK_COM1 | SINK_SCREEN;
	replay(sinks);
}

void log_screen_ready(void) { replay(sinks & SINK_SCREEN); }

void log_start_emergency(void)
{
	is_emergency = true;
	if (sinks == 0) {
		sinks = SINK_COM1 | SINK_COM2 | SINK_SCREEN;
		replay(sinks);
	}
}

void log_drain(void)
{
	serial_drain(SERIAL_COM1);
	serial_drain(SERIAL_COM2);
}

void log_output_begin(void)
{
	if (!is_emergency) {
		lock_acquire(&output);
	}
}

void log_output_end(void)
{
	if (!is_emergency) {
		lock_release(&output);
	}
}

/* Between log_output_begin and log_output_end. */
static void add(const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		ring[ring_total++ % RING_BYTES] = text[i];
	}
	write_sinks(sinks, text, len_bytes);
}

void log_write(const char *text, size_t len_bytes)
{
	log_output_begin();
	add(text, len_bytes);
	log_output_end();
}

void log_line(const char *prefix, const char *text)
{
	log_output_begin();
	add(prefix, strlen(prefix));
	add(text, strlen(text));
	add("\n", 1);
	log_output_end();
}

void log_print(const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = format_va(message, sizeof(message), format, arguments);
	va_end(arguments);
	log_write(message, MIN((size_t)len, sizeof(message) - 1));
}
