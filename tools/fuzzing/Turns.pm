# Guests take turns: most are as users boot them; the others have the code of the variants, little memory, or programs that reach
# what sequences do not.
package Turns;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(turn);

# options; mem; smp; icount; suites: the in-kernel suites with these numbers run, and no sequence; before: commands of the shell that do.
my @TURNS = (
	{},
	{ options => 'vuln=on' },
	{ options => 'xpfo=sync directmap=2m', mem => '64M' },
	{ options => 'vuln=on', before => 'attack ret2* seal_* wr_forge over* uaf_pool meltdown_model kaslr_probe entry_leak cred_overwrite policy_*', mem => '64M' },
	{ options => 'xpfo=v8batch kaiser=off', mem => '48M' },
	{ options => 'vuln=on zero=early xpfo=off kaiser=off kstack=fixed pmalloc=off cred=plain authority=off ptprot=off physmap=rwx kaslr=off smep=off smap=off umip=off',
		before => 'attack --json ret2dir_code ret2dir_obj ret2dir_huge ret2dir_residue ret2dir_spray ret2usr_* cred_* seal_write overflow uaf_pool pte_overwrite policy_* regs_rop', mem => '64M' },
	{},
	{ options => 'pmalloc=plain xpfo=v6 zero=early' },
	{ options => 'vuln=on directmap=2m', suites => '0-8', mem => '24M' },
	{ options => 'vuln=on', suites => '9-40', mem => '32M' },
	{ options => 'kaiser=nopcid cred=plain xpfo=v7', mem => '48M' },
	{ options => 'xpfo=pageblock directmap=2m' },
	{ options => 'vuln=on xpfo=v1 pmalloc=off cred=plain' },
	{ options => 'xpfo=v9 pmalloc=roalias', mem => '40M' },
	{ options => 'vuln=on xpfo=off kaiser=off smap=off' },
	{ options => 'xpfo=v7noflush console=terminal' },
	{ before => 'selftest elf; selftest pointer; selftest exec; selftest limit; selftest ptdump; selftest explain; selftest policy', mem => '64M' },
	{ options => 'xpfo=v8 zero=early', mem => '40M' },
	{ options => 'budget=log', icount => 0, smp => 1 },
	{ before => 'selftest memory; selftest cow; selftest fault; selftest pressure; selftest reunite; selftest process; selftest ipc_refused', mem => '64M' },
);

# The nth, counted from 0; they come again and again.
sub turn { my ($nth) = @_; return $TURNS[$nth % @TURNS] }

1;
