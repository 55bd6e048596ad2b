/* The console: where its bytes come from and go to. */
#include "task/console.h"

#include "arch/x86_64/clock.h"
#include "arch/x86_64/keyboard.h"
#include "arch/x86_64/registers.h"
#include "arch/x86_64/screen.h"
#include "arch/x86_64/serial.h"
#include "core/display.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/options.h"

enum { COLUMNS = 80, ROWS = 24, POLL_MAX = 256, QUIET_NS = 20000000 };

RO_AFTER_INIT void (*console_interrupt_hook)(void);
RO_AFTER_INIT void (*console_readable_hook)(void);

static struct lock console_lock = LOCK_INIT("console", RANK_console);
static struct terminal terminal; /* guarded by console_lock */

static void emit(const char *text, size_t len_bytes)
{
	log_output_begin();
	display_write(text, len_bytes);
	log_output_end();
}

/* Where a command was given, a program reads what is written, and wants it as it is. */
void console_init(void)
{
	terminal_init(&terminal, emit);
	if (options.cmd[0] != '\0') {
		terminal.settings.output &= ~(uint32_t)OUTPUT_NL_TO_CRNL;
	}
}

void console_input(uint8_t byte)
{
	enum terminal_event event;

	lock_acquire(&console_lock);
	event = terminal_input(&terminal, byte);
	lock_release(&console_lock);
	if (event == TERMINAL_INTERRUPT && console_interrupt_hook) {
		console_interrupt_hook();
	}
	if (event == TERMINAL_READABLE && console_readable_hook) {
		console_readable_hook();
	}
}

void console_poll(void)
{
	uint8_t byte;
	int key;

	for (unsigned i = 0; i < POLL_MAX && serial_try_read(SERIAL_COM1, &byte); i++) {
		console_input(byte);
	}
	for (unsigned i = 0; i < POLL_MAX && (key = keyboard_try_read()) >= 0; i++) {
		console_input((uint8_t)key);
	}
}

size_t console_read_try(char *buffer, size_t size_bytes, bool *would_block)
{
	size_t len;

	lock_acquire(&console_lock);
	len = terminal_read(&terminal, buffer, size_bytes, would_block);
	lock_release(&console_lock);
	return len;
}

size_t console_take_input(char *buffer, size_t size_bytes)
{
	uint64_t start_ns = clock_now_ns();
	size_t len;

	while (clock_now_ns() - start_ns < QUIET_NS) {
		console_poll();
		cpu_relax();
	}
	lock_acquire(&console_lock);
	len = terminal_take(&terminal, buffer, size_bytes);
	lock_release(&console_lock);
	return len;
}

void console_type_ahead(const char *text, size_t len_bytes)
{
	lock_acquire(&console_lock);
	terminal_type_ahead(&terminal, text, len_bytes);
	lock_release(&console_lock);
}

void console_write(const char *text, size_t len_bytes)
{
	lock_acquire(&console_lock);
	terminal_write(&terminal, text, len_bytes);
	lock_release(&console_lock);
}

void console_settings_get(struct terminal_settings *out)
{
	lock_acquire(&console_lock);
	*out = terminal.settings;
	lock_release(&console_lock);
}

void console_settings_set(const struct terminal_settings *settings, enum settings_flush flush,
			  uint32_t kept)
{
	struct terminal_settings changed = *settings;

	lock_acquire(&console_lock);
	changed.output = (settings->output & ~kept) | (terminal.settings.output & kept);
	terminal_set(&terminal, &changed, flush);
	lock_release(&console_lock);
}

/* A terminal on the serial line shows the same text, so a larger screen is not used in full. */
void console_size_get(struct console_size *out)
{
	unsigned columns = screen_columns();
	unsigned rows = screen_rows();

	*out = (struct console_size){
		.columns = (uint16_t)(columns > 0 ? MIN(columns, (unsigned)COLUMNS)
						  : (unsigned)COLUMNS),
		.rows = (uint16_t)(rows > 0 ? MIN(rows, (unsigned)ROWS) : (unsigned)ROWS),
	};
}
