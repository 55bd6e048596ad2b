/* `help`: the list of the commands, and the page of each as manuals have them. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "command.h"
#include "run.h"
#include "terminal.h"

enum { PAGE_WIDTH = 78, INDENT = 7, TERM_WIDEST = 12, TEXT_INDENT = INDENT + 8 };

static size_t page_width(void)
{
	size_t width = terminal_width();

	return width < PAGE_WIDTH ? width : PAGE_WIDTH;
}

static void print_blanks(size_t nr) { printf("%*s", (int)nr, ""); }

static void print_heading(const char *text)
{
	printf("\n%s%s%s\n", colour(COLOUR_BOLD), text, colour(COLOUR_NONE));
}

/* Words of [text, end), from this column on; further lines begin at the indent. */
static void print_filled(const char *text, const char *end, size_t column, size_t indent)
{
	bool is_first = true;

	while (text < end) {
		size_t length = strcspn(text, " \n");

		if (length > (size_t)(end - text)) {
			length = (size_t)(end - text);
		}
		if (!is_first && column + 1 + length > page_width()) {
			putchar('\n');
			print_blanks(indent);
			column = indent;
			is_first = true;
		}
		column += length + (is_first ? 0 : 1);
		printf(is_first ? "%.*s" : " %.*s", (int)length, text);
		is_first = false;
		text += length;
		text += strspn(text, " \n");
	}
	putchar('\n');
}

/* Where a paragraph ends: before an empty line, or one that is to stay as it is. */
static const char *paragraph_end(const char *text)
{
	const char *end = text;

	do {
		end = strchrnul(end, '\n');
		end += *end != '\0';
	} while (*end != '\0' && *end != '\n' && *end != ' ');
	return end;
}

static void print_paragraphs(const char *text)
{
	while (*text != '\0') {
		const char *end = strchrnul(text, '\n');

		if (*text == '\n') {
			putchar('\n');
		} else if (*text == ' ') {
			print_blanks(INDENT);
			printf("%.*s\n", (int)(end - text), text);
		} else {
			end = paragraph_end(text);
			print_blanks(INDENT);
			print_filled(text, end, INDENT, INDENT);
			text = end;
			continue;
		}
		text = end + (*end != '\0');
	}
}

static size_t widest_term(const char *list)
{
	size_t widest = 0;

	for (; *list != '\0'; list = strchrnul(list, '\n') + 1) {
		size_t width = strcspn(list, "\t");

		widest = width > widest ? width : widest;
	}
	return widest;
}

/* Terms and what they mean: side by side, or below each other where a term is long. */
static void print_terms(const char *list)
{
	size_t widest = widest_term(list);
	bool is_narrow = widest <= TERM_WIDEST;
	size_t indent = is_narrow ? INDENT + widest + 2 : TEXT_INDENT;

	while (*list != '\0') {
		size_t width = strcspn(list, "\t");
		const char *text = list + width + 1, *end = strchrnul(text, '\n');

		print_blanks(INDENT);
		printf("%.*s", (int)width, list);
		if (is_narrow) {
			print_blanks(indent - INDENT - width);
		} else {
			putchar('\n');
			print_blanks(indent);
		}
		print_filled(text, end, indent, indent);
		list = end + (*end != '\0');
	}
}

static void print_part(const char *name, const char *text, void (*print)(const char *text))
{
	if (text != NULL) {
		print_heading(name);
		print(text);
	}
}

static void print_line(const char *text)
{
	print_blanks(INDENT);
	print_filled(text, text + strlen(text), INDENT, INDENT);
}

static void print_page(const struct command *command)
{
	char line[160];

	printf("%sNAME%s\n", colour(COLOUR_BOLD), colour(COLOUR_NONE));
	snprintf(line, sizeof(line), "%s - %s", command->name, command->brief);
	print_line(line);
	snprintf(line, sizeof(line), "%s %s", command->name, command->usage);
	print_part("SYNOPSIS", line, print_line);
	print_part("DESCRIPTION", command->description, print_paragraphs);
	print_part("OPTIONS", command->options, print_terms);
	print_part("EXIT STATUS", command->status, print_terms);
	print_part("EXAMPLES", command->examples, print_terms);
	print_part("SEE ALSO", command->see, print_line);
}

static void print_list(void)
{
	for (size_t i = 0; i < nr_commands; i++) {
		printf("  %-10s %s\n", commands[i].name, commands[i].brief);
	}
	printf("\n`help COMMAND` explains one. Any other name runs the program bin/NAME as\n"
	       "uid 1000; `ls bin` lists them, `attack` lists the attacks.\n");
}

int cmd_help(int argc, char *const argv[])
{
	const struct command *command;

	if (argc == 1) {
		print_list();
		return 0;
	}
	if (argc > 2) {
		return command_usage("help");
	}
	command = command_find(argv[1]);
	if (command == NULL) {
		fprintf(stderr, "help: no command `%s`; `help` lists them\n", argv[1]);
		return STATUS_USAGE;
	}
	print_page(command);
	return 0;
}
