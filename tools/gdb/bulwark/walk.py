"""The guided walk through an attack: bw-attack begins it, bw-next goes on. walks.py is its table."""
import gdb

from bulwark import command, image, kernel, tasks, text, walk_places, walk_stops, walks
from bulwark.walk_places import Place

FUNCTIONS = {'fault': 'fault_report_kernel', 'user fault': 'fault_report_user', 'gadget': 'credentials_set',
	'flag': 'sys_flag_prove', 'base': 'sys_base_prove', 'end': 'report_fill'}

HARDWARE_BREAKPOINTS = 4  # of a processor, and so with KVM


class Walk:
	"""Where a walk has come: `stops` are the names of its stops, `at` the number of the last one reached."""

	def __init__(self, name):
		self.name, self.row = name, walks.walk_of(name)
		self.at, self.over = 0, False
		self.stops = ['call'] * len(self.row.calls)
		last = self.row.calls[-1]
		if isinstance(last, list) or walks.CALLS[last].access:
			self.stops.append('access')
		self.stops += ['outcome'] + ['proof'] * self.row.proves + ['end']
		self.call = self.pid = self.thread = self.argument = self.back = None

	# --- the places to wait at for a stop ---

	def places(self, stop):
		return getattr(self, f'places_of_{stop}')()

	def places_of_call(self):
		names = self.row.calls[self.at]
		last = self.at + 1 == len(self.row.calls)
		for name in names if isinstance(names, list) else [names]:
			yield Place(f'sys_{name}', name, lambda: self.is_ours() and (not last or image.number(self.row.when)))

	def places_of_access(self):
		entries = []

		def counts():
			entries.append(walk_places.thread() == self.thread)
			return sum(entries) >= walks.CALLS[self.call].nth
		yield Place(walks.CALLS[self.call].access, 'access', counts)

	def places_of_outcome(self):
		for key in ('fault', 'gadget') if self.call != 'vuln_leak' else ('user fault',):
			yield Place(FUNCTIONS[key], key, self.is_ours)
		if self.call != 'vuln_leak':
			yield Place(f'*{self.back:#x}', 'return', lambda: walk_places.thread() == self.thread)

	def places_of_proof(self):
		for key in ('flag', 'base'):
			yield Place(FUNCTIONS[key], key, self.is_ours)

	def places_of_end(self):
		yield Place(FUNCTIONS['end'], 'end', self.is_our_end)

	def is_ours(self):
		return walk_places.current_name() == self.name

	def is_our_end(self):
		"""At report_fill(report, process): the process that made the call; before that, any of the attack's."""
		process = tasks.Process(walk_places.register('rsi'))
		return process.name == self.name and self.pid in (None, process.pid)

	# --- going on ---

	def go_on(self):
		"""To the next stop, or to the end where the process does not get there: lines to print."""
		wanted = self.stops[self.at]
		places = list(self.places(wanted))
		if wanted != 'end' and len(places) < HARDWARE_BREAKPOINTS:
			places += self.places_of_end()
		key = walk_places.go(places)
		if key is None:
			yield 'stopped on the way; `bw-next` goes on to the next stop'
			return
		missed = self.at + 1
		self.at = len(self.stops) if key == 'end' else self.at + 1
		if self.at > missed:
			yield f'{walk_stops.MISSED[wanted]}; so there is no stop {" and no ".join(map(str, range(missed, self.at)))}'
		self.over = self.at == len(self.stops)
		yield from walk_stops.show(self, key)

	def title(self, words):
		return text.colour(text.BOLD, f'stop {self.at} of {len(self.stops)}: {words}')


class Attack(command.Command):
	"""bw-attack [NAME]: waits for an attack's vulnerable call, and begins the guided walk

The machine must be about to run it: `make debug ATTACK=NAME` does all of it, and `attack NAME` on the guest's
console does while the machine goes on. Without NAME: the one that the machine was booted for. bw-next goes to
the next stop."""
	name = 'bw-attack'
	has_json = False
	walk = None

	def collect(self, argument):
		if len(argument.split()) > 1:
			self.usage()
		Attack.walk = Walk(argument or booted_for())
		return None

	def render(self, found):
		return advance()

	def complete(self, words, word):
		return command.starting_with(list(walks.attacks()), word)


class Next(command.Command):
	"""bw-next: goes to the next stop of the guided walk"""
	name = 'bw-next'
	has_json = False

	def collect(self, argument):
		if argument:
			self.usage()
		if not Attack.walk:
			raise gdb.GdbError('there is no walk: `make debug ATTACK=NAME` begins one, and so does `bw-attack NAME`')
		if Attack.walk.over:
			raise gdb.GdbError('the walk is over; `continue` lets the machine go on')

	def render(self, found):
		return advance()


def booted_for():
	"""The attack of the boot command."""
	if not tasks.processes():
		walk_places.go([Place('exec_first', 'first program', lambda: True)])
	boot_command = kernel.string(int(kernel.variable('options')['cmd'])).split()
	if boot_command[:1] != ['attack'] or len(boot_command) != 2:
		raise gdb.GdbError('the machine was not booted for an attack: which one is it? `bw-attack NAME`')
	return boot_command[1]


def advance():
	walk = Attack.walk
	try:
		yield from walk.go_on()
	except gdb.error as problem:
		walk.over = True
		if gdb.selected_thread():
			raise
		raise gdb.GdbError(f'the machine ended before {walk.name} came to stop {walk.at + 1}: {problem}') from None
