"""What a guided walk says at each of its stops, and what to type next."""
import re

import gdb

from bulwark import commands_machine, commands_pages, frame_facts, image, kernel, layout, memory, roots, tasks, text, \
	walk_places, walks, witness

MISSED = {
	'call': 'it ended without having made that call',
	'access': 'the call was over before the kernel used what it was given',
	'outcome': 'it ended before anything came of the call',
	'proof': 'it had nothing to prove',
}
ERRNO_MAX = 4095
REGISTERS = re.compile(r'^\s+r\w{1,2}\s+[0-9a-f]{16}')


def show(walk, key):
	yield from SHOW[key if key in SHOW else 'call'](walk, key)


def who(walk):
	process, cpu = tasks.current(), tasks.selected()
	return f'{walk.name} (pid {process.pid}, uid {process.uid}, CPU {cpu.id})'


def suggest(*pairs):
	yield 'next:'
	width = max(len(typed) for typed, _ in pairs)
	for typed, what in pairs:
		yield f'  {text.colour(text.GREEN, typed.ljust(width))}  {what}'


def both_roots(address):
	"""How the current process's two roots have an address."""
	process = tasks.current()
	for half in (roots.KERNEL, roots.SHADOW):
		root = roots.of_process(process, half)
		if not root.is_in_use():
			yield f'  {half} root   not in use: KAISER is off'
			continue
		found = commands_pages.translate(address, root)
		levels = found['levels']
		rights = found['rights'] if found['mapped'] else f'absent at level {levels[-1]["level"]}'
		yield f'  {half} root   {rights}: {found["verdict"]}'


def about(address):
	"""Region, frame and roots of what the attacker chose."""
	place = commands_pages.place(address)
	yield f'  region        {place["region"]}{", " + place["detail"] if place["detail"] else ""}'
	root = roots.chosen(roots.KERNEL)
	frame = commands_pages.translate(address, root)['frame']
	if frame:
		gdb.set_convenience_variable('frame', int(frame['pfn'], 16))
		yield '  {:<13} {}'.format(*frame_facts.line(frame).split(': ', 1))
	yield from both_roots(address)


def in_force(name):
	"""The options that decide about the attack."""
	stopped_by = walks.attacks().get(name)
	if not stopped_by:
		return
	values = {row['name']: row['value'] for row in commands_machine.in_force()}
	names = dict.fromkeys(re.findall(r'(\w+)!?=', stopped_by))
	yield f'  in force      {" ".join(f"{one}={values[one]}" for one in names)}; it is stopped by {stopped_by.replace(" ", " or ")}'


def show_call(walk, key):
	call = walks.CALLS[key]
	process = tasks.current()
	walk.call, walk.pid, walk.thread = key, process.pid, walk_places.thread()
	walk.argument, walk.back = walk_places.register('rdi'), walk_places.return_address()
	gdb.set_convenience_variable(call.variable, walk.argument)
	is_address = call.variable not in ('pfn', 'unused')
	yield walk.title(f'{who(walk)} has called {key}({walk.argument:#x})')
	yield f'  The kernel {call.will}.' + ' The attacker chose the address.' * is_address
	if is_address:
		yield from about(walk.argument)
	yield from in_force(walk.name)
	more = [(f'bw-pt ${call.variable}', 'how the kernel translates it'),
		(f'bw-pt ${call.variable} shadow', 'the same under the root of user mode')] if is_address else []
	frame = [('bw-frame $frame', 'whose frame that is, and where it is mapped')] if is_address else \
		[('bw-frame $pfn', 'whose frame that is, and where it is mapped')] if call.variable == 'pfn' else []
	yield from suggest(*more, *frame, ('bw-next', 'to the next stop'))


def show_access(walk, key):
	walk.argument = walk_places.register('rdi')
	instruction = gdb.execute('x/i $pc', to_string=True).split(':', 1)[1].strip()
	call = walks.CALLS[walk.call]
	yield walk.title(f'{call.access}({walk.argument:#x}): the kernel is about to use what it was given')
	yield f'  at            {instruction}'
	if walk.call != 'vuln_kmap_write':
		yield from both_roots(walk.argument)
	yield from suggest(('x/4i $pc', 'the instructions that do it'), ('stepi', 'one of them; then again bw-next'),
		('backtrace', 'how the kernel came here'), ('bw-next', 'to what comes of it'))


def report_text(at):
	"""What the kernel wrote into the report at an address, without the registers."""
	words = int(kernel.object_at('struct report', at)['words'])
	lines = kernel.string(words + kernel.offset_of('struct report_words', 'text')).splitlines() if words else []
	return [f'  {line}' for line in lines if not REGISTERS.match(line)]


def show_fault(walk, key):
	report = walk_places.register('rdi')
	where = 'in the kernel' if key == 'fault' else 'in user mode'
	walk_places.run_to_return()
	yield walk.title(f'a fault {where}: the access was refused, and the process will end')
	yield '  The kernel explains:'
	yield from report_text(report)
	address = int(kernel.object_at('struct report', report)['fault_address'])
	gdb.set_convenience_variable('fault', address)
	yield from suggest(('bw-pt $fault', 'the level at which the walk ends'),
		('backtrace', 'the fault\'s handler, from the entry area on'), ('bw-next', 'to the end of the process'))


def show_gadget(walk, key):
	process, uid = walk_places.register('rdi'), walk_places.register('rsi')
	yield walk.title(f'the kernel runs credentials_set({process:#x}, {uid}): the attacker\'s choice')
	back = walk_places.return_address()
	place = commands_pages.place(back)
	yield f'  returns to    {back:#x}: {place["region"]}{", " + place["detail"] if place["detail"] else ""}'
	yield f'  process       {tasks.Process(process)}: uid {tasks.Process(process).uid} now'
	yield from in_force(walk.name)
	yield from suggest(('backtrace', 'how the kernel came here'), ('bw-tasks', 'who has which uid'),
		('bw-next', 'to the end of the process'))


def error_text(value):
	"""The result of a call; an error by its name."""
	signed = value - (1 << 64) if value >> 63 else value
	if -ERRNO_MAX <= signed < 0:
		return image.enum('status').get(signed, f'error {-signed}').replace('STATUS_', '')
	return f'{value:#x}'


def show_return(walk, key):
	result = walk_places.register('rax')
	yield walk.title(f'the call came back: {error_text(result)}')
	physical = kernel.to_physical(walk.argument) if walk.argument >> 63 else None
	if physical is not None and layout.direct_frame(walk.argument) is None:
		yield f'  at {walk.argument:#x} there is now {memory.word(physical):#018x}'
	yield from in_force(walk.name)
	yield from suggest(('bw-pt $rip', 'where this CPU is'), ('bw-tasks', 'who has which uid'), ('bw-next', 'to the next stop'))


def show_proof(walk, key):
	value = walk_places.register('rdi')
	what = {'flag': ('the flag that the kernel holds', "'kernel/task/authority/flag.c'::flag_value"),
		'base': ('the address of the kernel\'s image', None)}[key]
	right = image.runs_at() if key == 'base' else int(kernel.variable('flag_value'))
	yield walk.title(f'{who(walk)} proves that it knows {what[0]}: {value:#x}')
	yield f'  It is {right:#x}, so the proof {"holds" if value == right else "fails"}.'
	yield from suggest(('bw-options', 'what is in force'), ('bw-next', 'to the end of the process'))


def show_end(walk, key):
	at, process = walk_places.register('rdi'), tasks.Process(walk_places.register('rsi'))
	walk_places.run_to_return()
	report = kernel.object_at('struct report', at)
	end = image.enum('bw_end')[int(report['end'])][len('BW_END_'):].lower().replace('_', ' ')
	yield walk.title(f'{process} ends: {end}, status {int(report["status"]):#x}')
	yield f'  uid           {int(report["uid_first"])} at first, {int(report["uid_last"])} in the end'
	gains = witness.facts_of(process)
	yield text.colour(text.RED, f'  It got through: {", ".join(gains)}.') if gains else \
		text.colour(text.GREEN, '  It got nowhere.')
	defence = image.enum('bw_defence')[int(report['defence'])][len('BW_DEFENCE_'):]
	if defence != 'NONE' and not gains:
		yield f'  It was stopped by {walks.defences()[defence]}.'
	parent = tasks.Process(process.parent) if process.parent else None
	if parent and parent.name == process.name:
		yield f'  It was a child of {parent}, which goes on: `bw-attack` waits for its next call.'
	yield 'The walk is over; `continue` lets the machine go on, and the shell on the console says its verdict.'


SHOW = {'call': show_call, 'access': show_access, 'fault': show_fault, 'user fault': show_fault, 'gadget': show_gadget,
	'return': show_return, 'flag': show_proof, 'base': show_proof, 'end': show_end}
