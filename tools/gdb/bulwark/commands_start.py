"""bw-start: from the machine's first instruction to the kernel's first C line."""
import gdb

from bulwark import command, image, memory


def run_to(where):
	"""Continues to a place, which only a hardware breakpoint reaches: before paging is on nothing can be written there."""
	stop = gdb.Breakpoint(where, type=gdb.BP_HARDWARE_BREAKPOINT, internal=True, temporary=True)
	stop.silent = True
	return stop


class Start(command.Command):
	"""bw-start: continues from the first instruction to the kernel's first C line

Where the image will run is drawn while booting, so the first stop is at its load address, right before it goes
there. Firmware and boot loader run at that address too: the stop counts once the image is there."""
	name = 'bw-start'
	reads_machine = False

	def collect(self, argument):
		memory.forget()
		if image.runs_at():
			raise gdb.GdbError('the kernel runs already, past its first C line')
		load_base = image.constant('LOAD_BASE')
		boot_jump = image.address('boot_jump') - image.address('image_start') + load_base
		run_to(f'*{boot_jump:#x}').condition = f'*(long *){load_base:#x} == {image.address("image_start"):#x}'
		gdb.execute('continue', to_string=True)
		command.begin()
		run_to('kernel_main')
		gdb.execute('continue', to_string=True)
		return {'image': f'{image.runs_at():#x}'}

	def render(self, found):
		yield f'The kernel\'s image runs at {found["image"]}.'
		yield gdb.execute('frame', to_string=True).rstrip()
