/* sources: kernel/arch/x86_64/device/serial.c kernel/arch/x86_64/device/keyboard.c
 * kernel/core/log.c kernel/core/display.c kernel/lib/format.c kernel/lib/string.c kernel/lib/text.c
 * kernel/lib/wrap.c
 */

/* Serial ports and keyboard against simulated hardware, and which messages reach which port. */
#include "host_assert.h"
#include "tap.h"

#include "arch/x86_64/cpu/io.h"
#include "arch/x86_64/device/keyboard.h"
#include "arch/x86_64/device/screen.h"
#include "arch/x86_64/device/serial.h"
#include "core/display.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/options.h"
#include "lib/format.h"

/* One CPU: nobody to wait for. */
static struct cpu cpu;
struct cpu *host_cpu = &cpu;

void lock_check_rank(const struct lock *lock, const struct lock *pair)
{
	(void)lock;
	(void)pair;
}

void lock_wait(struct lock *lock, uint32_t self)
{
	(void)lock;
	(void)self;
	abort();
}

void lock_forget_inner(struct cpu *holder, const struct lock *lock)
{
	(void)holder;
	(void)lock;
	abort();
}

struct options options = { .log = log_console, .cmd = "" };

/* One per serial port. */
static struct uart {
	bool is_present, is_stuck;
	uint8_t scratch, line_control;
	char sent[65536];
	size_t nr_sent, nr_asked; /* asked: for its state */
	const char *input;
} uarts[2];

static const uint8_t *codes; /* what the keyboard controller still holds, up to 0xff */
static char on_screen[65536];

static struct uart *uart_at(uint16_t port)
{
	return port >= 0x3f8 && port <= 0x3ff   ? &uarts[0]
	       : port >= 0x2f8 && port <= 0x2ff ? &uarts[1]
						: NULL;
}

uint8_t io_read8(uint16_t port)
{
	struct uart *uart = uart_at(port);

	if (port == 0x64) {
		return codes && *codes != 0xff ? 1 : 0;
	}
	if (port == 0x60) {
		return *codes++;
	}
	if (!uart || !uart->is_present) {
		return 0xff;
	}
	switch (port & 7) {
	case 0: return (uint8_t)*uart->input++;
	case 5:
		uart->nr_asked++;
		return (uint8_t)((uart->input && *uart->input ? 1 : 0) |
				 (uart->is_stuck ? 0 : 0x60));
	case 7: return uart->scratch;
	default: return 0;
	}
}

void io_write8(uint16_t port, uint8_t value)
{
	struct uart *uart = uart_at(port);

	if (!uart) {
		return;
	}
	switch (port & 7) {
	case 0:
		if (!(uart->line_control & 0x80)) {
			uart->sent[uart->nr_sent++] = (char)value;
		}
		break;
	case 3: uart->line_control = value; break;
	case 7: uart->scratch = value; break;
	}
}

void screen_write(const char *text, size_t len) { strncat(on_screen, text, len); }

static void forget(void)
{
	for (unsigned i = 0; i < 2; i++) {
		memset(uarts[i].sent, 0, sizeof(uarts[i].sent));
		uarts[i].nr_sent = 0;
	}
	on_screen[0] = '\0';
}

static void test_serial(void)
{
	uint8_t byte;

	uarts[0].is_present = true;
	serial_init(SERIAL_COM1);
	serial_init(SERIAL_COM2);
	ok(serial_is_present(SERIAL_COM1) && !serial_is_present(SERIAL_COM2),
	   "present and absent ports are told apart");
	serial_write(SERIAL_COM1, "a text longer than the FIFO is deep\n", 36);
	is_text(uarts[0].sent, "a text longer than the FIFO is deep\n", "bytes go out as they are");
	serial_write(SERIAL_COM2, "x", 1);
	is(uarts[1].nr_sent, 0, "nothing goes to an absent port");
	ok(!serial_try_read(SERIAL_COM1, &byte) && !serial_try_read(SERIAL_COM2, &byte),
	   "no input");
	uarts[0].input = "k";
	ok(serial_try_read(SERIAL_COM1, &byte) && byte == 'k' &&
		   !serial_try_read(SERIAL_COM1, &byte),
	   "one byte of input");
}

/* How often the first port is asked while it takes nothing. */
static size_t patience(void)
{
	size_t before = uarts[0].nr_asked;

	uarts[0].is_stuck = true;
	serial_write(SERIAL_COM1, "dropped", 7);
	uarts[0].is_stuck = false;
	return uarts[0].nr_asked - before;
}

static void test_stuck(void)
{
	size_t first = patience(), next = patience();

	forget();
	ok(next > 0 && next < first / 1000, "a stuck port is asked less patiently the next time");
	serial_drain(SERIAL_COM1);
	serial_write(SERIAL_COM1, "back", 4);
	is_text(uarts[0].sent, "back", "and is not waited for without end");
	is(patience(), first, "one that went on is waited for as before");
}

/* What typing the codes gives. Ends with 0xff. */
static const char *typed(const uint8_t *list)
{
	static char text[64];
	size_t len = 0;
	int byte;

	codes = list;
	while ((byte = keyboard_try_read()) >= 0) {
		text[len++] = (char)byte;
	}
	text[len] = '\0';
	return text;
}

#define TYPED(...) typed((const uint8_t[]){ __VA_ARGS__, 0xff })

static void test_keyboard(void)
{
	static const uint8_t stuck[] = { 0xe0, 0x1c, 0x9c, 0xff };

	is_text(TYPED(0x23, 0xa3, 0x17, 0x97, 0x39, 0xb9), "hi ", "plain keys, and their release");
	is_text(TYPED(0x2a, 0x23, 0xaa, 0x23, 0x36, 0x02, 0xb6, 0x02), "Hh!1", "both shift keys");
	is_text(TYPED(0x3a, 0xba, 0x23, 0x02, 0x2a, 0x23, 0xaa, 0x3a, 0xba, 0x23), "H1hh",
		"caps lock changes letters only");
	is_text(TYPED(0x1d, 0x2e, 0x20, 0x9d, 0x2e), "\003\004c", "control");
	is_text(TYPED(0xe0, 0x1d, 0x2e, 0xe0, 0x9d), "\003", "the other control key");
	is_text(TYPED(0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0x50, 0xe0, 0x4d, 0xe0, 0x4b),
		"\033[A\033[B\033[C\033[D", "arrows");
	is_text(TYPED(0xe0, 0x47, 0xe0, 0x4f, 0xe0, 0x53), "\033[H\033[F\033[3~",
		"home, end, delete");
	is_text(TYPED(0xe0, 0x2a, 0xe0, 0x48, 0xe0, 0xaa), "\033[A",
		"codes that only frame an arrow are passed over");
	is_text(TYPED(0x1c, 0x0e, 0x0f, 0x01, 0xe0, 0x1c, 0xe0, 0x35), "\r\177\t\033\r/",
		"return, backspace, tab, escape, keypad");
	is_text(TYPED(0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, 0x2e), "c",
		"the pause key is not a control key");
	is_text(TYPED(0x3b, 0x57, 0x58, 0x7f, 0x23), "h",
		"function keys and unknown codes give nothing");
	is_text(typed(stuck), "\r", "what is left of a key is forgotten");
	is_text(TYPED(0x1d, 0x1e, 0x2c, 0x03, 0x39), "\001\0322 ",
		"control with a, z, 2 and blank");
	is_text(TYPED(0x2a, 0x0c, 0x9d, 0x03, 0x0c, 0xaa), "\037@_", "and shift: @ and _");
	is_text(TYPED(0x3a, 0x1e, 0x2c, 0x27, 0x3a), "AZ;", "caps lock with a, z and ;");
	is_text(TYPED(0x56, 0x57), "<", "the last code that has a character");
	codes = stuck;
	keyboard_init();
	is(keyboard_try_read(), -1, "what was typed before the start is lost");
}

static void test_log(void)
{
	static const char mark[] = "the last line\r\n";

	uarts[1].is_present = true;
	serial_init(SERIAL_COM2);
	forget();
	for (unsigned i = 0; i < 2000; i++) {
		log_print("line %u\n", i);
	}
	log_print("the last line\n");
	ok(uarts[0].nr_sent == 0 && uarts[1].nr_sent == 0 && !*on_screen,
	   "before log_start messages are only kept");
	options.log = log_com2;
	log_start();
	is(uarts[0].nr_sent, 0, "log=com2: none of them reaches COM1");
	ok(strstr(uarts[1].sent, "line 1999\r\nthe last line\r\n"), "log=com2: they reach COM2");
	ok(!*on_screen, "log=com2: nor does the screen show them");
	forget();
	options.log = log_console;
	log_start();
	ok(strstr(uarts[0].sent, "the last line\r\n") && strstr(on_screen, mark),
	   "log=console: COM1 and the screen");
	is(uarts[1].nr_sent, 0, "log=console: not COM2");
	forget();
	log_screen_ready();
	ok(strlen(on_screen) > 16384 && strstr(on_screen, mark),
	   "a screen that is ready later shows what was kept");
	is(uarts[0].nr_sent, 0, "and COM1 gets nothing twice");
	forget();
	log_print("%0600d\n", 7);
	is(uarts[0].nr_sent, 511, "a message is cut at its limit");
	forget();
	log_start_emergency();
	is(uarts[0].nr_sent, 0, "an emergency changes nothing once the log has started");
	log_record("record: ", "{}");
	ok(uarts[0].nr_sent == 0 && !*on_screen, "a line for programs is not on the console");
	is_text(uarts[1].sent, "record: {}\r\n", "it goes to COM2, with log=console too");
}

/* Lines of the kernel and of programs, after options that are given. */
static void show(enum option_console console, const char *cmd)
{
	options.console = console;
	options.cmd = cmd;
	log_start();
	forget();
	log_print("%070d whole words\n", 7);
	log_output_begin();
	display_write("shown\n", 6);
	log_output_end();
}

static void test_display(void)
{
	static char expected[256];

	show(console_plain, "");
	(void)format(expected, sizeof(expected), "%070d whole words\r\nshown\n", 7);
	is_text(uarts[0].sent, expected, "a program that reads gets lines as they are");
	show(console_terminal, "");
	(void)format(expected, sizeof(expected), "%070d whole \r\n  words\r\nshown\n", 7);
	is_text(uarts[0].sent, expected, "on a terminal lines break between words");
	show(console_plain, "true");
	(void)format(expected, sizeof(expected), "%070d whole words\nshown\n", 7);
	is_text(uarts[0].sent, expected, "where a command was given no line has a CR");
	(void)format(expected, sizeof(expected), "%070d whole words\r\nshown\r\n", 7);
	is_text(on_screen, expected, "but the screen needs one");
}

int main(void)
{
	test_serial();
	test_stuck();
	test_keyboard();
	test_log();
	test_display();
	return done_testing();
}
