/* The command that runs the stress program: as root, since only root may become many users. */
#include "command.h"
#include "program.h"

int cmd_stress(int argc, char *const argv[])
{
	return argc > 2 ? command_usage("stress") : program_run(argv, PROGRAM_AS_ROOT);
}
