/*
 * The generation protocol of the kernel half (docs/tlb.md), by itself: one frame that CPU 0 hides,
 * keeps at rest until its generation is complete, gives to user space, and takes back.
 *
 * Every CPU has a one-entry store buffer for its mode, CPU 0 one for the page-table entry too; a
 * buffered store becomes visible at any time, or when a fence waits for it. A TLB entry may appear
 * whenever the page-table entry is there and the loaded root has it, and goes with a flush only.
 *
 * Compile-time switches:
 *   KAISER=0     user mode runs on the kernel root, so TLBs fill there too
 *   NO_FENCE     no barrier between the mode store and the look at the generation
 *   CHECK_FIRST  the look at the generation comes before the mode store
 *   NO_CHECK     a kernel entry does not look at the generation
 *   FLUSH_FIRST  the generation is read after the flush
 *   SEEN_FIRST   the flush is recorded before it is done
 *   LEAVE_FIRST  the mode says user before the last use of a kernel translation
 *   NO_WAIT      a hidden frame is given away at once
 *   NO_SELF      CPU 0 does not flush itself
 *   EARLY_COUNT  the generation rises before the page-table entry is written
 *   NO_BARRIER   the page-table write may still be buffered when the generation rises
 */
#ifndef KAISER
#define KAISER 1
#endif
#ifndef CPUS
#define CPUS 3
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

byte newest = 1;        /* generation of the latest downgrade */
bit present = 1;        /* the page-table entry, as page walks see it */
bit user_owned;         /* what a stale translation must not reach */

bit in_kernel[CPUS];    /* mode, as other CPUs see it */
byte seen[CPUS] = 1;
bit cached[CPUS];       /* a translation of the frame is in the TLB */
bit walks[CPUS];        /* the loaded root has the kernel half */

bit mode_buffered[CPUS], mode_value[CPUS];
bit entry_buffered, entry_value;

inline mode_store(cpu, value)
{
	atomic { !mode_buffered[cpu]; mode_value[cpu] = value; mode_buffered[cpu] = 1 }
}

inline fence(cpu)
{
	atomic { !mode_buffered[cpu] && (cpu != 0 || !entry_buffered) }
}

inline flush(cpu)
{
	fence(cpu);
	cached[cpu] = 0
}

/* Code that user input can steer reads through whatever the TLB has. */
inline use(cpu)
{
	assert(!(cached[cpu] && user_owned))
}

inline flush_and_record(cpu, generation)
{
#ifdef FLUSH_FIRST
	flush(cpu);
	generation = newest;
	seen[cpu] = generation
#else
	generation = newest;
#ifdef SEEN_FIRST
	seen[cpu] = generation;
	use(cpu); /* by an NMI, which finds nothing to flush */
	flush(cpu)
#else
	flush(cpu);
	seen[cpu] = generation
#endif
#endif
}

inline catch_up(cpu, generation)
{
#ifdef NO_CHECK
	skip
#else
	generation = newest;
	if
	:: generation != seen[cpu] -> flush_and_record(cpu, generation)
	:: else
	fi
#endif
}

inline kernel_enter(cpu, generation)
{
#ifdef CHECK_FIRST
	catch_up(cpu, generation);
#endif
	mode_store(cpu, 1);
#ifndef NO_FENCE
	fence(cpu);
#endif
	walks[cpu] = 1;
#ifndef CHECK_FIRST
	catch_up(cpu, generation)
#endif
}

inline kernel_leave(cpu)
{
	mode_store(cpu, 0);
#ifdef LEAVE_FIRST
	use(cpu);
#endif
	walks[cpu] = !KAISER
}

proctype other_cpu(byte cpu)
{
	byte generation;

	do
	:: kernel_enter(cpu, generation);
	   do
	   :: use(cpu)
	   :: flush_and_record(cpu, generation) /* a request was served */
	   :: break
	   od;
	   kernel_leave(cpu)
	od
}

/* In the kernel all the time, so its own mode does not matter. */
proctype allocating_cpu()
{
	byte round, generation, mine, cpu;

	do
	:: round == ROUNDS -> break
	:: else ->
#ifdef EARLY_COUNT
	   newest++;
	   mine = newest;
	   entry_value = 0;
	   entry_buffered = 1;
	   fence(0);
#else
	   entry_value = 0;
	   entry_buffered = 1;
#ifndef NO_BARRIER
	   fence(0);
#endif
	   newest++;
	   mine = newest;
#endif
#ifndef NO_WAIT
#ifndef NO_SELF
	   flush_and_record(0, generation);
#endif
	   for (cpu : 1 .. CPUS - 1) {
		   seen[cpu] >= mine || !in_kernel[cpu]
	   }
#endif
	   user_owned = 1;
	   use(0);
	   user_owned = 0;
	   fence(0);
	   entry_value = 1;
	   entry_buffered = 1;
	   fence(0);
	   round++
	od
}

proctype hardware(byte cpu)
{
	do
	:: atomic { mode_buffered[cpu] -> in_kernel[cpu] = mode_value[cpu]; mode_buffered[cpu] = 0 }
	:: atomic { cpu == 0 && entry_buffered -> present = entry_value; entry_buffered = 0 }
	:: atomic { present && walks[cpu] && !cached[cpu] -> cached[cpu] = 1 }
	od
}

init {
	byte cpu;

	atomic {
		for (cpu : 0 .. CPUS - 1) {
			walks[cpu] = !KAISER;
			run hardware(cpu)
		}
		walks[0] = 1;
		in_kernel[0] = 1;
		run allocating_cpu();
		for (cpu : 1 .. CPUS - 1) {
			run other_cpu(cpu)
		}
	}
}
