/*
 * Kernel messages. A ring keeps the last ones, so that a sink that becomes ready later gets them
 * all the same.
 */
#include "core/log.h"

#include "arch/x86_64/device/serial.h"
#include "core/display.h"
#include "core/lock.h"
#include "core/options.h"
#include "lib/format.h"
#include "lib/string.h"
#include "lib/text.h"

enum { RING_BYTES = 16384, MESSAGE_BYTES = 512 };

enum sink {
	SINK_DISPLAY = 1, /* COM1 and the screen */
	SINK_SCREEN = 2,  /* the screen alone */
	SINK_COM2 = 4,
};

static char ring[RING_BYTES];
static uint64_t ring_total; /* bytes ever written to the ring */
static unsigned sinks;      /* enum sink, or-ed; 0 until log_start */

/* Guards the ring, the ports and the screen; in an emergency nobody waits for whoever holds it. */
static struct lock output = LOCK_INIT("output", RANK_log);
static bool is_emergency;

static void write_com2(const char *text, size_t len) { serial_write(SERIAL_COM2, text, len); }

static void write_sinks(unsigned to, const char *text, size_t len)
{
	if (to & SINK_DISPLAY) {
		text_write_lines(text, len, display_line_end(), display_write);
	}
	if (to & SINK_SCREEN) {
		display_write_screen(text, len);
	}
	if (to & SINK_COM2) {
		text_write_lines(text, len, display_line_end(), write_com2);
	}
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
	display_init();
	sinks = options.log == log_com2 ? SINK_COM2 : SINK_DISPLAY;
	replay(sinks);
}

void log_screen_ready(void) { replay(sinks & SINK_DISPLAY ? SINK_SCREEN : 0); }

void log_start_emergency(void)
{
	is_emergency = true;
	if (sinks == 0) {
		sinks = SINK_DISPLAY | SINK_COM2;
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
static void add(unsigned to, const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		ring[ring_total++ % RING_BYTES] = text[i];
	}
	write_sinks(to, text, len_bytes);
}

void log_write(const char *text, size_t len_bytes)
{
	log_output_begin();
	add(sinks, text, len_bytes);
	log_output_end();
}

void log_record(const char *prefix, const char *text)
{
	log_output_begin();
	add(SINK_COM2, prefix, strlen(prefix));
	add(SINK_COM2, text, strlen(text));
	add(SINK_COM2, "\n", 1);
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
