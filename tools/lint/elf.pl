#!/usr/bin/perl
# elf.pl KERNEL: the linked kernel. Where CR3, CR4 and model-specific registers are written is begun again (docs/gate.md, "Interrupted"), but for
# the allowed functions, and so is where a call's table and row are looked up; what a call is told is not spilled while it flushes first;
# relocations are relative only; no segment is writable and executable.
use strict;
use warnings;
no warnings 'portable'; # addresses have 64 bits
use File::Basename 'dirname';
use FindBin qw($Bin);
use lib $Bin;
use Lint;

my $kernel = shift or die "usage: elf.pl KERNEL\n";
my ($allowed) = map { $_->[0] } rules('elf-written');

sub output_of {
	my @command = @_;
	open my $pipe, '-|', @command or die "lint: $command[0]: $!\n";
	my @lines = <$pipe>;
	close $pipe or die "lint: @command failed\n";
	return @lines;
}

# Rows of .gate.ranges, as far as the kernel has it: [first, end]. The entry text's are at its place in the entry area.
sub ranges {
	my %symbol = map { /^([0-9a-f]+) \w (\S+)$/ ? ($2 => $1) : () } output_of('nm', $kernel);
	my ($start, $end) = @symbol{qw(gate_ranges_start gate_ranges_end)};
	return unless $start;
	my %offset = map { /^(ENTRY_TEXT_\w+) equ (-?\d+)/ ? ($1 => $2) : () } do {
		open my $file, '<', dirname($kernel) . '/gen/offsets.inc' or die "lint: offsets.inc: $!\n";
		<$file>;
	};
	my $alias = ($offset{ENTRY_TEXT_HIGH} & 0xffffffff) << 32 | $offset{ENTRY_TEXT_LOW};
	my $bytes = join '', map { /^ [0-9a-f]+ ((?:[0-9a-f]+ ){1,4})/ ? $1 =~ s/ //gr : () }
		output_of('objdump', '-s', "--start-address=0x$start", "--stop-address=0x$end", $kernel);
	my @words = map { $_ >= $alias && $_ < $alias + (1 << 20) ? $_ - $alias + hex $symbol{entry_text_start} : $_ }
		unpack 'Q<*', pack 'H*', $bytes;
	return map { [@words[2 * $_, 2 * $_ + 1]] } 0 .. @words / 2 - 1;
}

# EAX is RAX, and so on.
sub whole { return $_[0] =~ s/^e(..)$/r$1/r =~ s/^(r\d+)d$/$1/r }

# Instructions from the first to the last but one lead a call on, by a table and a row of it. The table's address is loaded in there from the
# processor's sealed page, of which GS is the register, and the row is a byte: no general register from before says either.
sub is_looked_up_there {
	my ($call, @before) = @_;
	my ($table, $row) = $call->{operands} =~ /^\*\(%(\w+),%(\w+),8\)$/ or return;
	my %last;
	for my $i (@before) {
		$last{ whole($1) } = $i if $i->{operands} =~ /%(\w+)$/ && $i->{name} !~ /^(?:cmp|test|bt)$/;
	}
	my ($from_sealed, $byte) = map { $last{ whole($_) } // { name => '', operands => '' } } $table, $row;
	return $from_sealed->{name} eq 'mov' && $from_sealed->{operands} =~ /^%gs:0x/ && $byte->{name} =~ /^movzb/;
}

# Does this write CR3, CR4 or a register that a constant names with what instructions since the first of these have made, of no general
# register from before?
sub is_made_there {
	my ($write, @before) = @_;
	my (%made, %value);
	for my $i (@before) {
		my ($from, $to) = $i->{operands} =~ /^(?:(.*),)?([^,]*)$/;
		my @used = map { whole($_) } grep { !/^(?:gs|rip|cr|db|dr)/ } ($from // '') =~ /%(\w+)/g;
		my $is_known = !grep { !$made{$_} } @used;
		$made{$_} = 1 for $i->{name} eq 'rdmsr' ? qw(rax rdx) : ();
		next unless $to =~ /^%(\w+)$/;
		my $register = whole($1);
		my $is_zero = $i->{name} eq 'xor' && ($from // '') eq $to;
		next if $i->{name} =~ /^(?:cmp|test|bt)$/;
		$made{$register} = $is_zero || ($is_known && ($i->{name} =~ /^mov/ || $made{$register}));
		$value{$register} = $i->{name} eq 'mov' && ($from // '') =~ /^\$(\w+)$/ ? hex $1 : undef;
	}
	return $made{ whole($1) } if $write->{operands} =~ /^%(\w+),%cr[34]$/;
	return defined $value{rcx} && ($value{rcx} != 0x6e1 || ($made{rax} && $made{rdx}));
}

my ($function, @code, %at) = '?';
for my $line (output_of('objdump', '-d', '--no-show-raw-insn', $kernel)) {
	$function = $1 if $line =~ /^[0-9a-f]+ <([^>]+)>:/;
	next unless $line =~ /^\s*([0-9a-f]+):\s+(\S+)\s*(\S*)\s*(\S*)/;
	$at{ hex $1 } = @code;
	push @code, { address => hex $1, name => $2, operands => $3, target => $4, function => $function };
}
my @ranges = ranges();
my $is_release = $kernel =~ m{/release/};
my $is_kernel = grep { $_->{function} eq 'syscall_main' } @code;
my $nr_lookups = 0;
for my $i (grep { $_->{name} eq 'wrmsr' || $_->{operands} =~ /^%\w+,%cr[34]$/ } @code) {
	next if $i->{function} =~ /^(?:$allowed)$/;
	my ($range) = grep { $i->{address} >= $_->[0] && $i->{address} < $_->[1] } @ranges;
	my $what = sprintf '%s writes %s at %x', $i->{function}, $i->{operands} =~ /%cr(\d)$/ ? "CR$1" : 'a model-specific register', $i->{address};
	if (!$range) {
		violation($kernel, 1, "$what, and is not begun again");
	} elsif (!is_made_there($i, @code[$at{ $range->[0] } .. $at{ $i->{address} } - 1])) {
		violation($kernel, 1, "$what with a register from before it is begun again");
	}
}

for my $i (grep { $_->{function} =~ /^syscall_(?:main|watched)\b/ && $_->{operands} =~ /^\*(?!%gs:)/ } @code) {
	my ($range) = grep { $i->{address} >= $_->[0] && $i->{address} < $_->[1] } @ranges;
	my $what = sprintf '%s leads a call on at %x', $i->{function}, $i->{address};
	if (!$range) {
		violation($kernel, 1, "$what, and is not begun again");
	} elsif (!is_looked_up_there($i, @code[$at{ $range->[0] } .. $at{ $i->{address} } - 1])) {
		violation($kernel, 1, "$what by a register from before it is begun again");
	}
	$nr_lookups++;
}
violation($kernel, 1, 'no call is looked up in a table') if $is_kernel && $nr_lookups != 2;

# From here to the gate, which saves registers on its own stack, no function outside saves those that syscall_main keeps a call in. Release
# builds: all others have checks of their own in each function.
my %to_visit = (ktlb_catch_up => 1);
my %is_visited;
while (my ($name) = grep { !$is_visited{$_} } sort keys %to_visit) {
	$is_visited{$name} = 1;
	for my $i (grep { $_->{function} eq $name } @code) {
		violation($kernel, 1, "$name spills $i->{operands}, and syscall_main keeps a call there")
			if $is_release && $i->{name} eq 'push' && $i->{operands} =~ /^%r1[2-5]$/;
		$to_visit{$1} = 1 if $i->{name} =~ /^(?:call|j)/ && $i->{target} =~ /^<(\w+)>$/;
	}
}

for my $line (output_of('readelf', '-rW', $kernel)) {
	next unless $line =~ /^[0-9a-f]{16}\s+[0-9a-f]+\s+(R_\S+)/;
	violation($kernel, 1, "relocation $1") unless $1 eq 'R_X86_64_RELATIVE';
}

my $nr_segments = 0;
for my $line (output_of('readelf', '-lW', $kernel)) {
	next unless $line =~ /^\s+LOAD\s+(?:0x[0-9a-f]+\s+){5}([RWE ]{3})/;
	my $rights = $1;
	$nr_segments++;
	violation($kernel, 1, "a segment is writable and executable") if $rights =~ /W/ && $rights =~ /E/;
}
violation($kernel, 1, 'no LOAD segment') unless $nr_segments;
finish();
