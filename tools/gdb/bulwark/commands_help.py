"""bw-help: all commands, one line each."""
from bulwark import command, text


class Help(command.Command):
	"""bw-help: these commands"""
	name = 'bw-help'
	reads_machine = False

	def collect(self, argument):
		return [dict(zip(('usage', 'help'), (one.__doc__ or '').split('\n')[0].split(': ', 1))) for one in command.commands]

	def render(self, found):
		width = max(len(one['usage']) for one in found)
		for one in found:
			yield f'  {one["usage"].ljust(width)}  {one["help"]}'
		yield text.colour(text.BOLD, '-j') + ' prints JSON; `help bw-pt` says more about one. Tab completes.'
