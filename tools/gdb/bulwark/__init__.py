"""Looking at a Bulwark machine from gdb. What the kernel calls things comes from its debug information and headers.

	memory, image, kernel     physical memory; where the image runs, and its types; objects of the kernel
	paging, layout, frames    entries and walks; regions; who owns a frame
	tasks, roots, ranges      processors and processes; every page-table root; what one maps, as ranges
	command, text             what all commands share: arguments, complaints; tables, colours, progress
	commands_*                the commands
	walk, walk_stops, walks   the guided walk through an attack; walks is its table
"""
