"""The last transitions of a frame, as the kernel notes them: kernel/mm/frame_history.h."""
import gdb

from bulwark import image, kernel


def of(pfn):
	"""Oldest first; None: this kernel keeps no history."""
	if not gdb.lookup_global_symbol('frame_histories'):
		return None
	word = int.from_bytes(kernel.read(int(kernel.variable('frame_histories')) + pfn * 8, 8), 'little')
	bits, count = image.enumerator('STEP_BITS'), image.enumerator('FRAME_STEPS')
	steps = [word >> i * bits & (1 << bits) - 1 for i in reversed(range(count))]
	# what was never written is 0: the last of those, RESERVED, is where the story begins
	while len(steps) > 1 and not steps[0] and not steps[1]:
		steps.pop(0)
	return [{'from': _state(before), 'to': _state(after), 'pid': after >> image.enumerator('STEP_WHO_SHIFT')}
		for before, after in zip(steps, steps[1:])]


def _state(step):
	words = [image.enum('owner')[step & image.enumerator('STEP_OWNER')][len('OWNER_'):]]
	words += [name.lower() for name in ('HIDDEN', 'SEALED') if step & image.enumerator(f'STEP_{name}')]
	return ', '.join(words)
