/*
 * The line editor. The line occupies one row of the terminal; one that is longer scrolls sideways.
 */
#include "edit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "complete.h"
#include "history.h"
#include "line.h"
#include "terminal.h"

enum {
	CTRL_A = 1,
	CTRL_B = 2,
	CTRL_C = 3,
	CTRL_D = 4,
	CTRL_E = 5,
	CTRL_F = 6,
	CTRL_G = 7,
	CTRL_H = 8,
	TAB = 9,
	CTRL_K = 11,
	CTRL_L = 12,
	CTRL_N = 14,
	CTRL_P = 16,
	CTRL_R = 18,
	CTRL_U = 21,
	CTRL_W = 23,
	BACKSPACE = 127,
};

/* A search through the history. */
enum { SEARCH_MAX = 40 };
struct search {
	char wanted[SEARCH_MAX];
	size_t nth; /* the line found; 0: none yet */
};

/* One call of edit_read. */
struct editor {
	const char *prompt;
	struct line line;
	bool is_drawn;   /* the terminal shows the line as it is */
	size_t nth_line; /* of the history; 0 for the one being written */
	char kept[1024]; /* the one being written, while another is shown */
};

static void draw(const char *prompt, const struct line *line)
{
	size_t nr_columns = terminal_width() - strlen(prompt) - 1;
	struct line view = *line;
	char row[4096];
	int length;

	/* The part that is shown: ends at the cursor where that would be out of sight. */
	view.cursor = 0;
	while (line_columns(line, view.cursor, line->cursor) > nr_columns) {
		view.cursor = line_next(&view);
	}

	size_t start = view.cursor;
	size_t nr_before = line_columns(line, start, line->cursor);

	while (view.cursor < line->length && line_columns(line, start, view.cursor) < nr_columns) {
		view.cursor = line_next(&view);
	}
	length = snprintf(row, sizeof(row), "\r%s%.*s\x1b[K\r\x1b[%zuC", prompt,
			  (int)(view.cursor - start), line->text + start,
			  strlen(prompt) + nr_before);
	terminal_write(row, (size_t)length);
}

static void show_history(struct editor *editor, size_t nth)
{
	const char *text = nth == 0 ? editor->kept : history_get(nth);

	if (text == NULL) {
		return;
	}
	if (editor->nth_line == 0) {
		snprintf(editor->kept, sizeof(editor->kept), "%s", editor->line.text);
	}
	editor->nth_line = nth;
	line_set(&editor->line, text);
}

/* The nth line from `first` on that has the text in it; 0: none has. */
static size_t find_in_history(const char *wanted, size_t first)
{
	const char *text;

	for (size_t nth = first; (text = history_get(nth)) != NULL; nth++) {
		if (strstr(text, wanted) != NULL) {
			return nth;
		}
	}
	return 0;
}

/* One key of a search. False: it is none, and ends the search. */
static bool search_key(struct search *search, int key)
{
	size_t length = strlen(search->wanted), first = 1;

	if (key == CTRL_R) {
		first = search->nth + 1;
	} else if ((key == CTRL_H || key == BACKSPACE) && length > 0) {
		search->wanted[length - 1] = '\0';
	} else if (key >= ' ' && key < BACKSPACE && length + 1 < sizeof(search->wanted)) {
		search->wanted[length] = (char)key;
		search->wanted[length + 1] = '\0';
		first = search->nth > 0 ? search->nth : 1;
	} else {
		return false;
	}
	first = find_in_history(search->wanted, first);
	if (first == 0) {
		terminal_write("\a", 1);
	} else {
		search->nth = first;
	}
	return true;
}

/*
 * Blocks. Looks for a line with what is typed in it, Ctrl-R for an older one. The key that ended
 * the search, to be obeyed with the line that was found; KEY_UNKNOWN where it was given up.
 */
static int search_history(struct editor *editor)
{
	struct search search = { .nth = 0 };
	char prompt[SEARCH_MAX + 16];
	int key;

	snprintf(editor->kept, sizeof(editor->kept), "%s", editor->line.text);
	do {
		if (search.nth > 0) {
			line_set(&editor->line, history_get(search.nth));
		}
		snprintf(prompt, sizeof(prompt), "search `%s`: ", search.wanted);
		draw(prompt, &editor->line);
		key = terminal_key();
	} while (search_key(&search, key));
	editor->nth_line = search.nth;
	if (key == CTRL_G || key == CTRL_C) {
		show_history(editor, 0);
		return KEY_UNKNOWN;
	}
	return key;
}

static void move_key(struct editor *editor, int key)
{
	struct line *line = &editor->line;

	switch (key) {
	case CTRL_A:
	case KEY_HOME: line->cursor = 0; break;
	case CTRL_E:
	case KEY_END: line->cursor = line->length; break;
	case CTRL_B:
	case KEY_LEFT: line->cursor = line_previous(line); break;
	case CTRL_F:
	case KEY_RIGHT: line->cursor = line_next(line); break;
	case CTRL_P:
	case KEY_UP: show_history(editor, editor->nth_line + 1); break;
	case CTRL_N:
	case KEY_DOWN:
		if (editor->nth_line > 0) {
			show_history(editor, editor->nth_line - 1);
		}
		break;
	default: break;
	}
}

static void type_byte(struct editor *editor, int key)
{
	struct line *line = &editor->line;
	char byte = (char)key;

	if (key >= KEY_END_OF_FILE || key < ' ' || !line_insert(line, &byte, 1)) {
		return;
	}
	/* At the end of a line that fits, the byte itself is all there is to draw. */
	if (line->cursor == line->length &&
	    strlen(editor->prompt) + line->length + 1 < terminal_width()) {
		terminal_write(&byte, 1);
		editor->is_drawn = true;
	}
}

static void change_key(struct editor *editor, int key)
{
	struct line *line = &editor->line;

	switch (key) {
	case CTRL_D:
	case KEY_DELETE: line_remove(line, line->cursor, line_next(line)); break;
	case CTRL_H:
	case BACKSPACE: line_remove(line, line_previous(line), line->cursor); break;
	case CTRL_K: line_remove(line, line->cursor, line->length); break;
	case CTRL_U: line_remove(line, 0, line->cursor); break;
	case CTRL_W: line_remove(line, line_word_start(line), line->cursor); break;
	case CTRL_L: terminal_write("\x1b[H\x1b[2J", 7); break;
	case TAB: complete_line(line); break;
	default: type_byte(editor, key); break;
	}
}

static enum edit_result edit_keys(struct editor *editor)
{
	for (;;) {
		int key;

		if (!editor->is_drawn) {
			draw(editor->prompt, &editor->line);
		}
		editor->is_drawn = false;
		key = terminal_key();
		if (key == CTRL_R) {
			key = search_history(editor);
		}
		if (key == '\r' || key == '\n') {
			return EDIT_LINE;
		}
		if (key == CTRL_C) {
			terminal_write("^C", 2);
			return EDIT_INTERRUPTED;
		}
		if (key == KEY_END_OF_FILE || (key == CTRL_D && editor->line.length == 0)) {
			return EDIT_END;
		}
		move_key(editor, key);
		change_key(editor, key);
	}
}

/* Without editing: bytes up to the line end; what does not fit is dropped. */
static enum edit_result read_plainly(const char *prompt, char *text, size_t size_bytes)
{
	size_t length = 0;
	char byte;

	if (terminal_is_interactive()) {
		terminal_write(prompt, strlen(prompt));
	}
	while (read(STDIN_FILENO, &byte, 1) == 1) {
		if (byte == '\n') {
			text[length] = '\0';
			return EDIT_LINE;
		}
		if (length + 1 < size_bytes) {
			text[length++] = byte;
		}
	}
	text[length] = '\0';
	return length > 0 ? EDIT_LINE : EDIT_END;
}

enum edit_result edit_read(const char *prompt, char *text, size_t size_bytes)
{
	struct editor editor = { .prompt = prompt };
	enum edit_result result;

	fflush(stdout);
	if (!terminal_can_edit() || !terminal_raw()) {
		return read_plainly(prompt, text, size_bytes);
	}
	line_init(&editor.line, text, size_bytes);
	result = edit_keys(&editor);
	terminal_cooked();
	terminal_write("\n", 1);
	return result;
}
