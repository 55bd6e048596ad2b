"""The last transitions of a frame, as the kernel notes them: kernel/mm/frame/frame_history.h."""
import gdb

from bulwark import image, kernel


def of(pfn):
	"""Oldest first; None: this kernel keeps no history."""
	if not gdb.lookup_global_symbol('frame_histories'):
		return None
	word = int.from_bytes(kernel.read(int(kernel.variable('frame_histories')) + pfn * 2, 2), 'little')
	bits, count = image.enumerator('STEP_BITS'), image.enumerator('FRAME_STEPS')
	steps = [word >> i * bits & image.enumerator('STEP_MASK') for i in reversed(range(count))]
	# what was never written is 0: the last of those, RESERVED, is where the story begins
	while len(steps) > 1 and not steps[0] and not steps[1]:
		steps.pop(0)
	found = [{'from': _state(before), 'to': _state(after)} for before, after in zip(steps, steps[1:])]
	if found:
		found[-1].update(_process(pfn))
	return found


def _state(step):
	owner, *flags = image.enum('frame_history_state')[step][len('HISTORY_'):].split('_')
	return ', '.join([owner, *(flag.lower() for flag in flags)])


def _process(pfn):
	"""On whose behalf the newest step was; `modulo`: the pid is known modulo this, 0: it is that very one."""
	kept, pids = kernel.read(int(kernel.variable('frame_history_pids')) + pfn, 1)[0], image.enumerator('HISTORY_PIDS')
	return {'pid': kept % pids, 'pid_modulo': kept & pids}
