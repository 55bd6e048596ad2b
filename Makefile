# The commands of Bulwark. The rules live in tools/make/; `make help` prints the lines that start with #?.
#?
#? Bulwark: a small microkernel, three defences of kernel memory, and the attacks they stop.
#?
#?   make run       build, boot in an emulator, shell on this terminal (`exit` or Ctrl-] X ends it)
#?   make test      every test there is; ends with "N passed, N failed"
#?   make soak      the same tests, each that can in a longer form: some three hours on two processors, of which the fuzzer takes one
#?   make matrix    every attack on every variant of every defence: a table, build/matrix.md, the report
#?   make pcid      run CMD on a kernel that believes in PCIDs, and look for stale translations that could be used: docs/pcid.md
#?   make debug     boot stopped at the kernel's first C line, with gdb attached (bw-help lists its commands)
#?   make screenshot  boot with a screen, run CMD='map attack ret2dir_spray', save what it shows as PNG
#?   make iso       build the boot ISO and say where it is
#?   make bench     all benchmarks, put together beside the published figures (build/bench.json, plots, report)
#?   make bench-cost  instructions per system call, page fault, mmap, fork, beside those of others
#?   make bench-profile OP=ipc  of one of these, the instructions of each function of the kernel, and a picture of it
#?   make bench-path  the files and functions that an operation runs through; with OP=neighbour, or another, its whole path
#?   make bench-linux  the same operations in Linux, with page-table isolation off and on: Debian's kernel, not installed
#?   make bench-kaiser  what each variant of KAISER costs, in QEMU and Bochs
#?   make bench-xpfo  what each variant of XPFO costs, on 1 to 255 processors
#?   make bench-pmalloc  what write-once pools cost: allocating, sealing, write-rare
#?   make fuzz      grow sequences of system calls by what they reach in the kernel, for ten minutes (docs/fuzzing.md)
#?   make sweep     stores to words of the kernel's memory, one after the other: which end in a breach (docs/sweep.md)
#?   make report    build/report/index.html, one file to open in a browser, from what `make matrix` and `make bench` found
#?   make matrix-picture  docs/matrix.svg, the picture of the last `make matrix`
#?   make mutate    small faults in the kernel, one at a time: does a test notice each (docs/mutation.md)?
#?   make lint      the rules of the source tree alone
#?   make format    lay the C sources out with clang-format
#?   make docs      make the generated parts of README.md and docs/ anew
#?   make clean     remove everything that was built
#?   make compile_commands.json      for editors and clangd
#?
#? What the machine is and does, with the default first (make run, debug, screenshot, pcid):
#?
#?   OPTS='vuln=on'       kernel command line, for instance OPTS='xpfo=off vuln=on' (also make bench*, fuzz, sweep)
#?   CMD=                 one shell command: its output alone on stdout, then power off, exit with its
#?                        status (make itself ends with 2 when it is not 0; tools/run gives the number)
#?   SMP=2                processors (also make fuzz, sweep)
#?   MEM=512M             memory; may be more than the host has (QEMU): the guest touches a 128th of it
#?                        (also make fuzz, sweep)
#?   CPU=max              processor model of the emulator (host with KVM)
#?   ACCEL=auto|tcg|kvm   auto takes KVM only where the processor has VT-x or SVM (also make matrix, bench*)
#?   EMU=qemu|bochs       emulator
#?   BOOT=iso|direct      direct: the emulator loads the kernel itself, without GRUB, in a third of the time (QEMU)
#?   MACHINE=pc|q35|microvm  kind of machine; properties may follow: MACHINE=microvm,pic=off; microvm needs BOOT=direct (QEMU)
#?   EFI=0|1              boot by UEFI firmware instead of BIOS (QEMU)
#?   VGA=0|1|hidden       1: open a window with the guest's screen, on a desktop; hidden: a screen that nobody sees (QEMU)
#?                        (not make screenshot)
#?   ICOUNT=              N: deterministic counting, the clock advances 2^N ns per instruction (QEMU) (also make fuzz)
#?   TIMEOUT=             seconds after which the machine is stopped: none, 600 with CMD (also make matrix) (not make debug)
#?   LOG=build/run.log    where what the kernel writes to COM2 is kept: its messages when CMD is given, else only faults as JSON
#?                        (not make debug, screenshot)
#?   MONITOR=             path of a socket on which QEMU's monitor listens (not make screenshot)
#?   QEMU_ARGS=           more arguments for QEMU
#?
#? What is built, for every goal:
#?
#?   BUILD=release|debug|kasan|race|pcid|fuzz  debug has assertions, lock ranks and UBSan; the default of `make debug`. kasan
#?                        looks at each access for what may be used, race for who else is there (docs/builds.md); pcid:
#?                        docs/pcid.md; fuzz is kasan that records where it has been (docs/fuzzing.md)
#?   GATE_WITHOUT=        race, lock or nmi, with BUILD=debug: the gate lacks the rule that the attack gate_race, ... aims at
#?   EXTRA=               a folder: each NAME.c and NAME/*.c in it becomes the program NAME of the guest; NAME.policy
#?                        and the files of etc/ become files of etc/ (etc/policy: what is in force from boot on)
#?   DEPS=1|0             0: do not look for packages, I have the tools (tools/deps --list names them)
#?   CC=gcc               compiler of the kernel and of host tests
#?   USER_CC=musl-gcc     compiler of user programs
#?   NASM=nasm            assembler
#?   LD=ld                linker of the kernel
#?
#? What some commands do:
#?
#?   MATRIX=              make matrix: rows and columns, for instance MATRIX='xpfo_* config:xpfo=*' (tools/matrix --help)
#?   MATRIX_BOCHS=1|0     make matrix: 0 leaves out the column that needs Bochs
#?   MATRIX_OUT=build     make matrix: the folder where the results go
#?   T=                   make test, soak: these tests alone, for instance T=boot, T=host/buddy, T='lint/ host/b* release/run';
#?                        only what they need is built (tools/test --help)
#?   FAILED=0|1           make test, soak: 1: those that failed last
#?   SOAK=0|1             make test: 1: as make soak
#?   N=40                 make mutate, sweep: so many mutants; SEED=1 draws them; so many stores: 2000
#?   FILES='kernel/* boot/*'  make mutate: the files that are broken; * takes any characters
#?   MUTANTS=             make mutate: a file of mutants that are run instead, such as build/mutate/seed1/survivors.txt
#?   BATTERY='*'          make mutate: tests of these names alone, separated by commas: BATTERY='boot,host/*'
#?   EVERYTHING=1|0       make mutate: 0: what the fast tests let through does not go through all others
#?   MUTATE_OUT=build/mutate  make mutate: the folder where the results go
#?   FUZZ_SECONDS=600     make fuzz: how long
#?   SEED=1               make mutate, fuzz, sweep: which mutants are drawn; what is tried: with SMP=1 ICOUNT=0 the same seed is the same
#?                        run of the fuzzer; which stores are made
#?   SWEEP_SECONDS=       make sweep: how long, at most
#?   MODE=random|exhaustive  make sweep: every word with every value, in turn
#?   WORD=                make sweep: these words alone, for instance WORD='cpu:own:frame_cache*'; VALUE=zero this value alone
#?   VALUE=               make sweep: as WORD says (docs/sweep.md)
#?   ATTACK=              make debug: an attack's name; gdb goes to its vulnerable call and guides from there
#?   PNG=build/screenshot.png  make screenshot: where the picture goes
#?   GDB=1|0              make debug: 0 prints how to attach by hand and waits
#?   GDBPORT=1234         make debug: port of the debugger stub
#?   CONSOLE=build/console.log  make debug: where what the guest's console shows is kept
#?   QUICK=0|1            make bench, bench-xpfo, bench-kaiser, bench-linux, bench-pmalloc: few runs, few processors
#?   OP=                  make bench-profile: the operation, for instance OP=ipc or OP=neighbour; without it all are named.
#?                        make bench-path: one of its operations, for instance OP=seal
#?   ONLY=                make bench: run these alone, for instance ONLY='cost kaiser'; of the others the figures
#?                        of their last run are taken. ONLY=none only puts together what there is.
#?   JOBS=                make test, soak, matrix, bench*, sweep: at the same time: as many tests as processors; guests of the
#?                        matrix 2, of the sweep 1; guests of make bench-xpfo 1, as more would spoil the times
#?
#? A variable that is not one of these, or is for another command, is refused on the command line of make. What stands in
#? the environment is not looked at.
#?
#? Examples:
#?
#?   make run CMD='attack ret2dir_obj' OPTS='xpfo=off vuln=on'
#?   make run EMU=bochs CPU=corei7_icelake_u
#?   make debug ATTACK=ret2dir_obj OPTS=xpfo=off
#?   make test T='host/buddy boot'
#?

.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:
SHELL := tools/lib/shell

# What the command line sets must be one of the knobs above, and for one of the goals. A make that a rule starts was asked by us.
ifeq ($(MAKELEVEL),0)
asked := $(foreach v,$(.VARIABLES),$(if $(findstring command line,$(origin $(v))),$(v)))
quoted = '$(subst ','\'',$(1)=$(value $(1)))'
ifneq ($(asked),)
$(shell tools/lib/check-knobs '$(MAKECMDGOALS)' $(foreach v,$(asked),$(call quoted,$(v))) >&2)
ifneq ($(.SHELLSTATUS),0)
$(error nothing was made)
endif
endif
endif

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory

ifndef BUILD
BUILD := $(if $(filter debug,$(MAKECMDGOALS)),debug,release)
endif
builds := debug release kasan race pcid fuzz
ifeq ($(filter $(BUILD),$(builds)),)
$(error BUILD=$(BUILD): must be one of $(builds))
endif
rules_of_gate := race lock nmi
ifneq ($(GATE_WITHOUT),)
ifeq ($(and $(filter debug,$(BUILD)),$(filter $(rules_of_gate),$(GATE_WITHOUT))),)
$(error GATE_WITHOUT=$(GATE_WITHOUT): must be one of $(rules_of_gate), and BUILD=debug)
endif
endif
OPTS ?= vuln=on
DEPS ?= 1

# The tools read the knobs from the environment. A dollar sign in these belongs to the guest, not to make.
$(foreach k,OPTS CMD LOG MONITOR PNG EXTRA,$(if $(value $(k)),$(eval override $(k) := $$(value $(k)))))
export OPTS CMD SMP MEM CPU ACCEL EMU BOOT MACHINE EFI VGA ICOUNT TIMEOUT LOG MONITOR PNG BUILD GDB GDBPORT ATTACK T FAILED

# What differs between the two builds is in OUT: the kernel and the ISO. The rest is made once, in build itself.
OUT := build/$(BUILD)$(GATE_WITHOUT:%=-without-%)
GEN := build/gen

# Tools print on stderr: the standard output of `make run` belongs to the guest.
say = @echo "  $(1)	$(2)" >&2

# $(call keep_warnings,COMMAND): a warning stops no build; it is shown, and kept beside $@ for `make lint`, which refuses it.
keep_warnings = @$(keeping)
keeping = $(1) 2>$@.warnings; status=$$?; [ ! -s $@.warnings ] || cat $@.warnings >&2; exit $$status

# $(call compile,WORD,SOURCE,COMMAND): says so, makes the folder and keeps warnings, all in one shell: thousands of objects are made.
compile = @echo "  $(1)	$(2)" >&2; [ -d $(@D) ] || mkdir -p $(@D); $(call keeping,$(3))

include tools/make/deps.mk
include tools/make/generated.mk
include tools/make/kernel.mk
include tools/make/names.mk
include tools/make/user.mk
include tools/make/iso.mk
include tools/make/pcid.mk
include tools/make/test.mk
include tools/make/bench.mk
include tools/make/matrix.mk
include tools/make/report.mk
include tools/make/mutate.mk
include tools/make/sweep.mk

.PHONY: help run screenshot debug iso clean format compile_commands.json FORCE

help:
	@sed -n 's/^#? \{0,1\}//p' Makefile

# What is booted: the tools read these from the environment.
boot_files = $(if $(filter direct,$(BOOT)),$(KERNEL) $(ARCHIVE),$(ISO))
boot_names = ISO=$(ISO) KERNEL=$(KERNEL) ARCHIVE=$(ARCHIVE)

run: $(boot_files) | $(call deps,run $(filter bochs,$(EMU)) $(if $(filter 1,$(EFI)),efi) $(if $(filter 1,$(VGA)),window))
	@$(boot_names) tools/run

screenshot: $(boot_files) | $(call deps,run screenshot $(if $(filter 1,$(EFI)),efi))
	@$(boot_names) tools/screenshot

debug: $(boot_files) $(KERNEL) | $(call deps,run $(if $(filter 0,$(GDB)),,debug) $(if $(filter 1,$(VGA)),window))
	@$(boot_names) tools/debug

iso: $(ISO)
	@printf '%s  %d KiB\n' $(ISO) $$(($$(stat -c %s $(ISO)) / 1024)) >&2

clean:
	rm -rf build compile_commands.json

format: | $(call deps,lint)
	@clang-format -i $(shell find boot kernel user tests -name '*.[ch]')

compile_commands.json: $(GENERATED) | $(call deps,build)
	@$(MAKE) --always-make --dry-run $(KERNEL) $(PROGRAMS) 2>/dev/null \
		| perl tools/gen-compile-commands.pl > $@

FORCE:
