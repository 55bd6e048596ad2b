/* Prints the kernel's account of how a process ended. */
#include "report.h"

#include <stdio.h>
#include <string.h>

void report_print(const struct bw_report *report)
{
	size_t length = strnlen(report->text, sizeof(report->text));

	if (bw_option_is("log", "console")) {
		return;
	}
	fwrite(report->text, 1, length, stdout);
	if (length > 0 && report->text[length - 1] != '\n') {
		putchar('\n');
	}
}
