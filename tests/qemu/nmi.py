# Runs in gdb: an NMI at every instruction of every way into the kernel and out of it, and two in a row.
#
# NMI_KERNEL and NMI_PROGRAM are the kernel's image and that of tests/qemu/programs/entries.c, which goes
# through these ways round after round and checks its registers; NMI_STUB is the socket of the emulator's stub.
# The machine has one processor. Writes TAP lines without a plan to NMI_RESULTS.
import os
import re
import signal
import subprocess
import sys

import gdb

sys.path.insert(0, 'tests/qemu')
from nmi_gate import EDGES, TABLES, Lies, is_way, member_offset, sealed_word  # noqa: E402

MARK = 0xB0117E57  # tests/qemu/programs/entries.c: the operand of the instruction at rounds_mark
ROUNDS_WITHOUT_NEWS = 3
# QEMU runs a page with a breakpoint an instruction at a time: cr3_load.asm is linked among entry code, and not beside a long loop.
SECONDS_MAX = 60
VECTOR_DEBUG = 1
VECTOR_NMI = 2
VECTOR_PAGE_FAULT = 14
VECTOR_LAST_TRIED = 48  # the timer's
CR3_SHADOW = 1 << 12
# The NMI's stack at the handler's first instruction, in words from RSP: what the processor pushed, and what the handler will.
# kernel/arch/x86_64/entry/entry_paranoid.inc
PUSHED = {'rip': 0, 'cs': 1, 'rflags': 2, 'rsp': 3, 'ss': 4}
SAVED = {'rax': -3, 'rcx': -4, 'rdx': -5}
ENTRY_AREA, ENTRY_AREA_END = 0xFFFFE00000000000, 0xFFFFE80000000000
ENTRY_TEXT = ENTRY_AREA + 0x10000
# The part of the ways that runs where the kernel's image lies, from the first symbol up to the second.
IN_IMAGE = [('syscall_main', 'uaccess_copy_smap')]
# The gate that is in force, an operation of it that each round calls, and its own way into the handler: with what is local to these
# symbols, up to the next ones.
PTPROT = os.environ['NMI_PTPROT']
OPERATION = 'gate_pages_park'
IN_GATE = [f'gate_enter_{PTPROT}', f'gate_switch_{PTPROT}', OPERATION, 'gate_nmi']
GATE_STUB_BYTES = 16
# Contexts whose handler loads a root or rights.
WITHIN = ['the first instruction of SYSCALL']


def symbols(path):
	table = {}
	for line in subprocess.check_output(['nm', '-n', path], text=True).splitlines():
		fields = line.split()
		if len(fields) == 3:
			table[fields[2]] = int(fields[0], 16)
	return table


def say(text):
	with open(os.environ['NMI_RESULTS'], 'a') as results:
		results.write(text + '\n')


def result(passed, name):
	say(('ok 0 - ' if passed else 'not ok 0 - ') + name)


def trying(what):
	"""If that is the end of it, this is what it was."""
	with open(os.environ['NMI_RESULTS'] + '.tried', 'w') as tried:
		tried.write(what)


def register(name):
	return int(gdb.parse_and_eval('$' + name)) & 0xFFFFFFFFFFFFFFFF


def word(address):
	return int.from_bytes(gdb.selected_inferior().read_memory(address, 8).tobytes(), 'little')


def store(address, value):
	gdb.selected_inferior().write_memory(address, value.to_bytes(8, 'little'))


class Stops:
	"""The hardware breakpoints that are set, by address."""

	def __init__(self):
		self.at = {}

	def add(self, *addresses):
		for address in addresses:
			if address not in self.at:
				self.at[address] = gdb.Breakpoint(f'*{address:#x}', type=gdb.BP_HARDWARE_BREAKPOINT,
					internal=True)

	def drop(self, *addresses):
		for address in addresses:
			if address in self.at:
				self.at.pop(address).delete()

	def drop_all(self):
		self.drop(*list(self.at))

	def go(self):
		"""Continues to the next stop: its address. A machine that has lost its way comes to none: the signal ends gdb."""
		signal.alarm(SECONDS_MAX)
		gdb.execute('continue', to_string=True)
		signal.alarm(0)
		return register('rip')


class Machine:
	def __init__(self):
		self.kernel, program = symbols(os.environ['NMI_KERNEL']), symbols(os.environ['NMI_PROGRAM'])
		self.stops = Stops()
		self.mark, self.flag = program['rounds_mark'], program['rounds_stop']
		self.name, self.opcode = {}, {}  # by the address where an instruction runs
		self.of_gate = self.kernel['gate_stubs'] + VECTOR_NMI * GATE_STUB_BYTES
		self.window_cr3, self.current = sealed_word('gate_cr3'), sealed_word('current')
		self.tables = {name: sealed_word(name) for name in TABLES.values()}
		self.current_cr3 = {name: member_offset('current', name) for name in ('exit_cr3', 'kernel_cr3')}
		self.rows = self.read_rows()
		# to be disassembled from the file, before there is a machine
		self.linked = {name: self.disassemble(at, end) for name, at, end in self.pieces()}
		# from here on addresses are enough, and much faster
		gdb.execute('set architecture i386:x86-64')
		gdb.execute('symbol-file')
		gdb.execute(f'target remote {os.environ["NMI_STUB"]}', to_string=True)

	def pieces(self):
		"""Symbol, address and end of each piece of code that is a way in or out."""
		text = self.kernel['entry_text_start'], self.kernel['entry_text_end']
		image = [tuple(self.kernel[name] for name in pair) for pair in IN_IMAGE]
		order = sorted((at, name) for name, at in self.kernel.items())
		for (at, name), (end, _) in zip(order, order[1:]):
			is_code = not re.search('^flip_|_start$|_end$|_base$', name)
			if name == 'gate_stubs':
				yield name, self.of_gate, self.of_gate + GATE_STUB_BYTES
			elif is_code and end > at and (name.split('.')[0] in IN_GATE or
					any(low <= at < high for low, high in [text] + image + list(self.rows.values()))):
				yield name, at, end

	def read_rows(self):
		"""What is begun again, by symbol: start and end, where it runs."""
		names = {self.kernel[name]: name for name in EDGES if name in self.kernel}
		slide = ENTRY_TEXT - self.kernel['entry_text_start']
		rows = {}
		for at in range(self.kernel['gate_ranges_start'], self.kernel['gate_ranges_end'], 16):
			start, end = word(at), word(at + 8)
			name = names.get(start) or names.get(start - slide)
			if name:
				rows[name] = start, end
		return rows

	@staticmethod
	def disassemble(start, end):
		return gdb.selected_inferior().architecture().disassemble(start, end - 1)

	def add_code(self, name, slide):
		for i in self.linked[name]:
			at = i['addr'] + slide
			self.name[at] = f'{name}+{i["addr"] - self.kernel[name]}'
			self.opcode[at] = i['asm'].split()[0]

	def gate(self, vector):
		"""Where the loaded IDT leads."""
		base = int(re.search(r'IDT=\s+([0-9a-f]+)', gdb.execute('monitor info registers', to_string=True))[1], 16)
		low, high = word(base + vector * 16), word(base + vector * 16 + 8)
		return (low & 0xFFFF) | (low >> 48 & 0xFFFF) << 16 | (high & 0xFFFFFFFF) << 32

	def find_code(self):
		"""One set of the entry text is in use, and it runs where the IDT leads."""
		gate = self.gate(VECTOR_PAGE_FAULT)
		stubs = [name for name in self.linked if re.fullmatch(f'stub_[a-z]+_{VECTOR_PAGE_FAULT}', name)]
		near = [name for name in stubs if (gate - self.kernel[name]) % 4096 == 0]
		if len(near) != 1:
			raise RuntimeError(f'the gate {gate:#x} leads to {len(near)} stubs')
		variant = near[0].split('_')[1]
		slide = gate - self.kernel[near[0]]
		others = [name.split('_')[1] for name in stubs if name != near[0]]
		for name in self.linked:
			stub = re.fullmatch(r'stub_[a-z]+_(\d+)', name)
			is_other = any(part in others for part in re.split(r'[_.]', name))
			if not is_other and (not stub or int(stub[1]) <= VECTOR_LAST_TRIED):
				is_text = self.kernel['entry_text_start'] <= self.kernel[name] < self.kernel['entry_text_end']
				self.add_code(name, slide if is_text else 0)
		self.nmi, self.debug = self.gate(VECTOR_NMI), self.gate(VECTOR_DEBUG)
		return variant

	def to_mark(self):
		"""Continues to the mark of the program; others have code at the same address."""
		self.stops.add(self.mark)
		while True:
			if self.stops.go() == self.mark and word(self.mark) >> 8 & 0xFFFFFFFF == MARK:
				return

	def find_reached(self):
		"""Addresses of the instructions that a few rounds pass through."""
		waiting = set(self.opcode)
		reached, quiet = [], 0
		self.stops.add(self.mark, *waiting)
		while quiet < ROUNDS_WITHOUT_NEWS:
			at = self.stops.go()
			if at == self.mark:
				quiet += 1
			elif at in waiting:
				quiet = 0
				reached.append(at)
				waiting.remove(at)
				self.stops.drop(at)
		self.stops.drop_all()
		return reached

	def stop_at(self, at):
		self.stops.drop_all()
		self.stops.add(at)
		arrived = self.stops.go() == at
		self.stops.drop_all()
		return arrived

	def inject(self):
		"""An NMI here: the instruction that it interrupted, as its handler will see it."""
		gdb.execute('monitor nmi', to_string=True)
		return self.arrive(self.nmi)

	def arrive(self, handler):
		"""What is on its way to this handler, or to the gate's own."""
		was_shadow = bool(register('cr3') & CR3_SHADOW)
		self.stops.add(handler, self.of_gate)
		self.was_in_gate = self.stops.go() == self.of_gate
		self.stops.drop_all()
		self.stack, self.was_on_shadow_root = register('rsp'), was_shadow
		return word(self.stack)

	def residue(self):
		"""What the last NMI, which is over, has left on its stack of the program's registers, or of the kernel's."""
		if self.was_in_gate:
			return [] # which is its own
		words = {name: word(self.stack + slot * 8) for name, slot in (PUSHED | SAVED).items()}
		from_kernel = words['cs'] & 3 == 0
		left = [f'{name}={words[name]:#x}' for name in SAVED if words[name]]
		if from_kernel and self.was_on_shadow_root:
			# it returned from there: what it interrupted was the entry code, on a stack of the entry area or the program's,
			# whose markers have the form of no kernel address
			names = [name for name in ('rip', 'rsp') if words[name] >> 63 and not ENTRY_AREA <= words[name] < ENTRY_AREA_END]
			left += [f'{name}={words[name]:#x}' for name in names]
		else:
			left += [f'{name}={words[name]:#x}' for name in ('rip', 'rsp') if words[name]]
		return left

	def handler_path(self, at):
		"""What the handler of an NMI at this instruction runs of the entry text, in order."""
		self.stop_at(at)
		self.inject()
		path = [register('rip')]
		self.stops.add(*(i for i in self.opcode if i != path[0]))
		while self.opcode[path[-1]] not in ('iretq', 'iret'):
			path.append(self.stops.go())
		self.stops.drop_all()
		return path


def try_each(machine, reached):
	wrong, left, before = [], [], None
	for at in reached:
		machine.stop_at(at)
		residue = machine.residue() if before else []
		if machine.inject() == at:
			left += [f'{before}:{name}' for name in residue]
			before = machine.name[at]
			continue
		# that was still the handler of the NMI before
		machine.to_mark()
		if not machine.stop_at(at) or machine.inject() != at:
			wrong.append(machine.name[at])
		before = None
	result(not wrong, f'an NMI at each of {len(reached)} instructions is delivered there' +
		(f', but at {" ".join(wrong)}' if wrong else ''))
	result(not left, 'and leaves nothing on its stack, which every root maps' +
		(f', but {" ".join(left)}' if left else ''))


def try_second(machine, context, path):
	"""While one is handled the next one waits: it arrives where the first returns to."""
	wrong = []
	for at in path:
		machine.stop_at(context)
		machine.inject()
		if at != path[0]:
			machine.stop_at(at)
		seen = machine.inject()
		if seen != context:
			wrong.append(f'{machine.name[at]}({seen:#x})')
	result(not wrong, f'an NMI at each of {len(path)} instructions of the handler waits for its end' +
		(f', but at {" ".join(wrong)}' if wrong else ''))


def try_halt(machine):
	"""Between STI and HLT of the idle loop: HLT must not run after the handler, it could miss what ends it."""
	halt, after = machine.kernel['cpu_idle_halt'], machine.kernel['cpu_idle_halt_end']
	if not machine.stop_at(halt) or machine.inject() != halt:
		result(False, 'an NMI before HLT is delivered there')
		return
	machine.stops.add(halt, after)
	result(machine.stops.go() == after, 'an NMI between STI and HLT: the idle loop looks again and does not wait')
	machine.stops.drop_all()


def contexts(machine, reached):
	"""Where the handler is interesting: in user mode, on the user's GS in ring 0, in the kernel."""
	entry = [at for at in reached if machine.name[at].startswith('entry_syscall')]
	within = [at for at in reached if machine.name[at].startswith(OPERATION)]
	return {'user mode': machine.mark, 'the first instruction of SYSCALL': entry[0],
		'the last but one of its way in': entry[len(entry) // 3], 'the gate': within[len(within) // 2]}


def try_lies(machine, reached):
	"""What another processor makes of all that an NMI in the gate leaves in ordinary memory."""
	lies = Lies(machine, word, store)
	missing = [name for name in EDGES if name in machine.kernel and name not in machine.rows]
	result(not missing, 'all that has to be begun again has a row' + (f', but {" ".join(missing)}' if missing else ''))
	wrong, not_again, on_window, nr, nr_edges = [], [], [], 0, 0
	for at in (at for at in reached if machine.name[at].startswith('gate_') or lies.edge_of(at)):
		name = machine.name[at]
		edge = lies.edge_of(at)
		is_inside = edge is None and (not is_way(name) or '.opened' in name)
		trying(f'a lie at {name}')
		if is_inside and machine.stop_at(at):
			nr += 1
			wrong += [] if lies.is_kept(at) else [name]
		elif edge and machine.stop_at(at):
			nr_edges += 1
			not_again += [] if lies.is_begun_again(edge) else [name]
		if is_inside and PTPROT != 'window' and nr % 8 == 0 and machine.stop_at(at):
			window = word(register('gs_base') + machine.window_cr3) & ~(1 << 63)
			on_window += [] if lies.is_off_the_window(at, window) else [name]
	result(nr and not wrong, f'the gate goes on with its own registers after {nr} lies about them' +
		(f', but at {" ".join(wrong)}' if wrong else ''))
	result(nr_edges and not not_again, f'where a root or rights are loaded, {nr_edges} instructions are begun again' +
		(f', but at {" ".join(not_again)}' if not_again else ''))
	on_window += [] if lies.is_off_the_opened(word(register('gs_base') + machine.window_cr3)) else ['memset']
	result(not on_window, 'no handler runs on the root of the window' +
		(f', but at {" ".join(on_window)}' if on_window else ''))


def try_lies_within(machine, context, path):
	"""The same while an NMI is handled."""
	lies = Lies(machine, word, store)
	tried = [(before, lies.edge_of(at)) for before, at in zip(path, path[1:]) if lies.edge_of(at)]
	wrong = []
	for before, edge in tried:
		trying(f'a lie behind {machine.name[before]}')
		wrong += [] if lies.is_begun_again_within(context, before, edge) else [machine.name[before]]
	result(tried and not wrong, f'of its handler {len(tried)} instructions are begun again' +
		(f', but behind {" ".join(wrong)}' if wrong else ''))


def main():
	gdb.execute('set confirm off')
	gdb.execute('set pagination off')
	gdb.execute('set breakpoint always-inserted on')
	machine = Machine()
	machine.to_mark()
	say(f'# entry set: {machine.find_code()}')
	reached = machine.find_reached()
	covered = set(reached)
	try_each(machine, reached)
	try_lies(machine, reached)
	for where, context in contexts(machine, reached).items():
		say(f'# an NMI in {where}')
		path = machine.handler_path(context)
		covered.update(path)
		try_second(machine, context, path)
		if where in WITHIN:
			try_lies_within(machine, context, path)
	try_halt(machine)
	left = [machine.name[at] for at in machine.opcode if at not in covered]
	say(f'# never run: {" ".join(name for name in left if not name.startswith("stub"))}')
	machine.to_mark()
	store(machine.flag, 1)
	machine.stops.drop_all()
	gdb.execute('detach', to_string=True)


main()
