"""What all commands share: their words, their complaints, text or JSON."""
import json

import gdb

from bulwark import image, memory

commands = []


class Command(gdb.Command):
	"""One `bw-` command. A subclass says `name`, and its help as its docstring, and has collect() and render()."""
	name = ''
	reads_machine = True
	has_json = True

	def __init__(self):
		super().__init__(self.name, gdb.COMMAND_USER)
		self.dont_repeat()
		commands.append(self)

	def invoke(self, argument, from_tty):
		try:
			self.run(argument.strip())
		except gdb.GdbError:
			raise
		except (gdb.error, gdb.MemoryError) as problem:
			raise gdb.GdbError(f'{self.name}: {" ".join(str(problem).split())}') from None
		except KeyboardInterrupt:
			raise gdb.GdbError(f'{self.name}: stopped') from None

	def run(self, argument):
		wants_json = self.has_json and argument.split(maxsplit=1)[:1] == ['-j']
		if wants_json:
			argument = argument[2:].strip()
		if self.reads_machine:
			begin()
		found = self.collect(argument)
		if wants_json:
			gdb.write(json.dumps(found) + '\n')
		else:
			gdb.write('\n'.join(self.render(found)) + '\n')

	def usage(self):
		raise gdb.GdbError(f'usage: {(self.__doc__ or "").split(": ")[0]}')

	def collect(self, argument):
		"""What there is to say, as JSON would have it."""
		raise NotImplementedError

	def render(self, found):
		"""The same as lines."""
		raise NotImplementedError


def begin():
	"""The machine may have run since the last command: forgets what was read, and moves the symbols."""
	memory.forget()
	thread = gdb.selected_thread()
	if not thread or not thread.is_valid():
		raise gdb.GdbError('there is no machine: `make debug` starts one')
	if thread.is_running():
		raise gdb.GdbError('the machine runs: stop it first (Ctrl-C)')
	if not gdb.lookup_static_symbol('rows') and not gdb.lookup_global_symbol('kernel_main'):
		raise gdb.GdbError('the kernel\'s symbols are not loaded: `file build/release/bulwark.elf`')
	if not image.move_symbols():
		raise gdb.GdbError('the kernel is not in memory yet: `bw-start` goes to its first C line')


def address_of(expression):
	"""The number that an expression stands for: an address, a symbol, a register."""
	try:
		return image.number(f'(unsigned long)({expression})')
	except gdb.error as problem:
		raise gdb.GdbError(f'`{expression}` is no address: {" ".join(str(problem).split())}') from None


def number_of(text, what):
	try:
		value = int(gdb.parse_and_eval(text))
	except (gdb.error, ValueError) as problem:
		raise gdb.GdbError(f'`{text}` is no {what}: {" ".join(str(problem).split())}') from None
	if value < 0:
		raise gdb.GdbError(f'`{text}` is no {what}: it is negative')
	return value


def starting_with(words, start):
	"""`start` is None where gdb (16 does) first asks where words begin."""
	return [word for word in words if word.startswith(start or '')]
