"""bw-diff: what one root of a process maps and the other does not."""
from bulwark import command, paging, ranges, roots, tasks, text


def collect(process):
	kernel_root, shadow_root = (roots.of_process(process, half) for half in (roots.KERNEL, roots.SHADOW))
	in_kernel, in_shadow = ranges.of_root(kernel_root), ranges.of_root(shadow_root)
	return {'pid': process.pid, 'process': process.name, 'shadow_in_use': shadow_root.is_in_use(),
		'kernel_only': [piece.json() for piece in ranges.subtract(in_kernel, in_shadow)],
		'shadow_only': [piece.json() for piece in ranges.subtract(in_shadow, in_kernel)],
		'other_rights': [{**piece.json(), 'shadow_rights': paging.rights_text(rights)}
			for piece, rights in ranges.in_both(in_kernel, in_shadow)]}


class Difference(command.Command):
	"""bw-diff [-j] [PID]: what one root of a process maps and the other does not

User mode runs on the shadow root while KAISER is on. Without PID: the process that runs on this CPU. The
ranges of the kernel root alone are printed by `ptdump diff` in the guest's shell. Ranges
that both map with other rights come last."""
	name = 'bw-diff'

	def collect(self, argument):
		if len(argument.split()) > 1:
			self.usage()
		process = tasks.find(command.number_of(argument, 'process number')) if argument else tasks.current()
		if not process:
			roots.chosen(roots.SHADOW)
		return collect(process)

	def render(self, found):
		who = f'{found["process"]} (pid {found["pid"]})'
		if not found['shadow_in_use']:
			yield 'KAISER is off: user mode runs on the kernel root, and the shadow root is not in use'
		yield from section(f'in the kernel root of {who} alone:', found['kernel_only'])
		yield from section('in its shadow root alone:', found['shadow_only'])
		if found['other_rights']:
			yield from section('in both, with other rights:', found['other_rights'])

	def complete(self, words, word):
		return pids(word)


def pids(word):
	command.begin()
	return command.starting_with([str(process.pid) for process in tasks.processes()], word)


def section(title, pieces):
	yield text.colour(text.BOLD, title) + ('' if pieces else ' nothing')
	if pieces:
		rows = [(f'{int(one["start"], 16):016x}', f'{int(one["end"], 16):016x}', size(one), one['rights'],
			one['region'], one['owner'], f'shadow: {one["shadow_rights"]}' if 'shadow_rights' in one else '')
			for one in pieces]
		yield from text.table(('from', 'up to', 'size', 'rights', 'region', 'owner', ''), rows)


def size(piece):
	return text.size((int(piece['end'], 16) - int(piece['start'], 16)) & (1 << 64) - 1)
