# bench-cost by ptprot: what each value of that option makes of the operations, of the boots, and of one call of the gate.
package Ptprot;
use strict;
use warnings;
use Exporter 'import';
use Operations 'operation_figure';
use Published 'published';
our @EXPORT_OK = qw(ptprot_aim ptprot_wanted gate_command gate_rows ptprot_row operation_row boots_row print_ptprot ptprot_got);

# What is counted of an operation, beside its instructions.
my @events = qw(gate_calls cr3_loads pkrs_writes);

# In the kernel, by tests/kernel/gate_bench.c.
sub gate_command { return 'selftest kernel gate_bench' }

# Of the calls that are counted there: [name of the figure, of the row].
my @calls = (['map', 'one gate: a page is mapped'], ['park', 'one gate: a page is parked'], ['flag', 'one gate: a frame gets a flag'],
	['hold', 'one gate: a frame is held']);

# What a call writes to CR3 or IA32_PKRS, on its way in and out.
sub writes_of { my ($way) = @_; return { window => { cr3_loads => 2 }, pks => { pkrs_writes => 2 } }->{$way} // {} }

# Name => instructions, of one boot; less what reading the clock takes.
sub gate_figures {
	my ($output, $shift) = @_;
	my %figure;
	$figure{$1} = $3 / 2**$shift / $2 while $output =~ /^# bench gate_(\w+) (\d+) (\d+) /mg;
	my $nothing = delete $figure{nothing} // return {};
	return { map { $_ => sprintf '%.1f', $figure{$_} - $nothing } keys %figure };
}

# The rows of the calls. steps: way => the boot that counted them.
sub gate_rows {
	my ($shift, %steps) = @_;
	my %figures = map { $_ => gate_figures($steps{$_}{output}, $shift) } keys %steps;
	return map { my ($name, $operation) = @$_;
		ptprot_row($operation, map { my $way = $_; my $instructions = $figures{$way}{$name};
			defined $instructions ? ($way => { instructions => $instructions, gate_calls => 1, cr3_loads => 0, pkrs_writes => 0, %{ writes_of($way) } }) : () }
			keys %figures) } @calls;
}

# {operation, ways => {way => {instructions, and events where they are known}}}
sub ptprot_row {
	my ($operation, %ways) = @_;
	return { operation => $operation, ways => \%ways, %ways ? () : (skip => 'the guest gave no figure') };
}

# The row of one of bench-cost's operations. figures: way => differences.
sub operation_row {
	my ($it, %figures) = @_;
	my %ways;
	for my $way (keys %figures) {
		my $figure = operation_figure($it, $figures{$way});
		next if $figure->{skip};
		$ways{$way} = { instructions => sprintf('%.1f', $figure->{instructions}), map { $_ => sprintf '%.2f', $figure->{counters}{$_} // 0 } @events };
	}
	return ptprot_row($it->{operation}, %ways);
}

# The rows of a boot. counted: way => that way's rows of instructions.
sub boots_row {
	my ($operation, %counted) = @_;
	my %instructions = map { my $way = $_; map { ($way => $_->{instructions}) } grep { $_->{operation} eq $operation && defined $_->{instructions} } @{ $counted{$way} } }
		keys %counted;
	return ptprot_row($operation, map { $_ => { instructions => $instructions{$_} } } keys %instructions);
}

# What is wanted of an operation; none where nothing is.
sub ptprot_aim { my ($operation) = @_; return published('ptprot')->{aims}{ $operation =~ s/^(one gate):.*/$1/r } }

# That in words.
sub ptprot_wanted {
	my ($aim) = @_;
	return "pks at most $aim->{more} more than off" if defined $aim->{more};
	return "pks at most $aim->{beyond_writes} and the writes" if defined $aim->{beyond_writes};
	return "pks at most $aim->{instructions}" . (defined $aim->{gate_calls} ? ", $aim->{gate_calls} gates" : '');
}

# Of a row: what is wanted, and whether it is so. Empty where nothing is.
sub verdict {
	my ($row) = @_;
	my $aim = ptprot_aim($row->{operation}) // return '';
	my $got = ptprot_got($aim, $row->{ways});
	my $text = ptprot_wanted($aim);
	return $text unless defined $got->{value};
	return "$text: reached" if $got->{met};
	return "$text: $row->{ways}{pks}{gate_calls} gates" if $got->{value} <= $got->{wanted};
	return sprintf '%s: %.1f times over', $text, $got->{value} / $got->{wanted};
}

# What an aim is compared with: {value, wanted, met}; no value where a way was not counted.
sub ptprot_got {
	my ($aim, $ways) = @_;
	my ($off, $pks) = map { $ways->{$_} // {} } qw(off pks);
	my $wanted = $aim->{more} // $aim->{beyond_writes} // $aim->{instructions};
	my $value = $pks->{instructions};
	$value = defined $off->{instructions} ? $value - $off->{instructions} : undef if defined $value && defined $aim->{more};
	$value -= $pks->{pkrs_writes} // 0 if defined $value && defined $aim->{beyond_writes};
	my $is_met = defined $value && $value <= $wanted + 0.05 && !(defined $aim->{gate_calls} && $pks->{gate_calls} > $aim->{gate_calls} + 0.005);
	return { value => $value, wanted => $wanted, met => $is_met ? 1 : 0 };
}

# The table. ways: those that were counted, in order.
sub print_ptprot {
	my ($ways, @rows) = @_;
	my $each = sub { my ($width) = @_; return " %${width}s" x @$ways };
	my $format = "%-33s" . $each->(12) . ' %7s' . $each->(7) . " %7s  %s\n";
	my @blank = ('') x (@$ways - 1);
	my $last = $ways->[-1]; # the one with the most checks
	print "\n";
	printf $format, '', 'instructions', @blank, 'gates', 'CR3', @blank, 'PKRS', '';
	printf $format, 'by ptprot', @$ways, $last, @$ways, $last, 'wanted';
	for my $row (@rows) {
		my @of = map { $row->{ways}{$_} // {} } @$ways;
		printf $format, $row->{operation}, map({ $_->{instructions} // '-' } @of), $of[-1]{gate_calls} // '-', map({ $_->{cr3_loads} // '-' } @of),
			$of[-1]{pkrs_writes} // '-', $row->{skip} ? "SKIP: $row->{skip}" : verdict($row);
	}
	print "\ngates: calls of the gate; PKRS: writes to IA32_PKRS. One gate is counted in the kernel, from before its call to after it.\n";
}

1;
