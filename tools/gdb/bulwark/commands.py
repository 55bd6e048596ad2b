"""Makes every command, in the order of bw-help."""
import gdb

from bulwark import commands_diff, commands_frame, commands_help, commands_machine, commands_pages, commands_pools, \
	commands_start, walk

for kind in (commands_pages.PageTable, commands_diff.Difference, commands_frame.Frame, commands_pools.Pools,
	commands_machine.Tlb, commands_machine.Tasks, commands_machine.Options, commands_pages.Physical,
	commands_pages.Symbols, commands_start.Start, walk.Attack, walk.Next, commands_help.Help):
	kind()
for short, command in (('walk', 'bw-pt'), ('phys', 'bw-phys'), ('symbols', 'bw-symbols')):
	gdb.execute(f'alias -a {short} = {command}')
