/* `mitigate`: switches a defence of the running system. */
#include <stdio.h>
#include <string.h>

#include "bulwark.h"
#include "command.h"

static int show(void)
{
	struct bw_option option;

	if (bw_option_find("kaiser", &option) != 0) {
		fprintf(stderr, "mitigate: the kernel has no option kaiser\n");
		return 1;
	}
	printf("kaiser  %s\n", option.value);
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: mitigate [kaiser off|on]\n");
	return 2;
}

int cmd_mitigate(int argc, char *const argv[])
{
	bool on;
	long status;

	if (argc == 1) {
		return show();
	}
	if (argc != 3 || strcmp(argv[1], "kaiser") != 0) {
		return usage();
	}
	on = strcmp(argv[2], "on") == 0;
	if (!on && strcmp(argv[2], "off") != 0) {
		return usage();
	}
	status = bw_mitigate(on);
	if (status < 0) {
		fprintf(stderr, "mitigate: %s\n", strerror((int)-status));
		return 1;
	}
	return show();
}
