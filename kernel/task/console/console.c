/* The console: where its bytes come from and go to. */
#include "task/console/console.h"

#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/clock.h"
#include "arch/x86_64/device/keyboard.h"
#include "arch/x86_64/device/screen.h"
#include "arch/x86_64/device/serial.h"
#include "core/display.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/options.h"
#include "task/authority/witness.h"
#include "task/process/process.h"
#include "task/process/signal.h"

enum { COLUMNS = 80, ROWS = 24, POLL_MAX = 256, QUIET_NS = 20000000 };

struct wait_queue console_readers = { WAIT_QUEUE_INIT(console_readers) };

static struct lock console_lock = LOCK_INIT("console", RANK_console);
static struct terminal terminal; /* guarded by console_lock */
static uint32_t foreground_pid;  /* one word, read and written whole; 0: none */

void console_foreground_set(uint32_t pid)
{
	__atomic_store_n(&foreground_pid, pid, __ATOMIC_RELAXED);
}

static void interrupt_foreground(void)
{
	uint32_t pid = __atomic_load_n(&foreground_pid, __ATOMIC_RELAXED);

	if (pid) {
		signal_interrupt(pid);
	}
}

void console_wake_readers(void) { wait_wake_all(&console_readers); }

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

enum source { SOURCE_SERIAL, SOURCE_KEYBOARD };

static bool try_read(enum source source, uint8_t *byte)
{
	int key;

	if (source == SOURCE_SERIAL) {
		return serial_try_read(SERIAL_COM1, byte);
	}
	key = keyboard_try_read();
	*byte = (uint8_t)key;
	return key >= 0;
}

/* The device is read with the lock held: two processors would lose bytes, and change their order.
 */
static bool take_byte(enum source source)
{
	enum terminal_event event = TERMINAL_QUIET;
	uint8_t byte;
	bool is_there;

	lock_acquire(&console_lock);
	is_there = try_read(source, &byte);
	if (is_there) {
		event = terminal_input(&terminal, byte);
	}
	lock_release(&console_lock);
	if (event == TERMINAL_INTERRUPT) {
		interrupt_foreground();
	} else if (event == TERMINAL_READABLE) {
		console_wake_readers();
	}
	return is_there;
}

void console_poll(void)
{
	for (unsigned i = 0; i < POLL_MAX && take_byte(SOURCE_SERIAL); i++) {}
	for (unsigned i = 0; i < POLL_MAX && take_byte(SOURCE_KEYBOARD); i++) {}
}

size_t console_read_try(char *buffer, size_t size_bytes, bool *would_block)
{
	size_t len;

	lock_acquire(&console_lock);
	len = terminal_read(&terminal, buffer, size_bytes, would_block);
	lock_release(&console_lock);
	return len;
}

bool console_is_readable(void)
{
	bool is_readable;

	lock_acquire(&console_lock);
	is_readable = terminal_is_readable(&terminal);
	lock_release(&console_lock);
	return is_readable;
}

void console_skip_end(void)
{
	lock_acquire(&console_lock);
	terminal_skip_end(&terminal);
	lock_release(&console_lock);
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

void console_hold(void) { lock_acquire(&console_lock); }
void console_let_go(void) { lock_release(&console_lock); }

bool console_write(const char *text, size_t len_bytes)
{
	bool is_allowed;

	lock_acquire(&console_lock);
	is_allowed = witness_allows_console(process_current());
	if (is_allowed) {
		terminal_write(&terminal, text, len_bytes);
	}
	lock_release(&console_lock);
	return is_allowed;
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
