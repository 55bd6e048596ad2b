# The operations that bench-cost counts in Bulwark and bench-linux in Linux: which programs have them, and what an operation
# comes to. Each figure is run twice with different numbers of operations, so that only the operation itself is left.
package Operations;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(operations commands differences operation_figure);

# Fields: operation | program | figure, less this one and so many instructions | per so many | N1 N2 | so many times as many where
# a clock interrupts every few million instructions, and where the kernel puts work off
my @table = map { [split /\s*\|\s*/] } grep { /\S/ } split /\n/, <<'END';
null system call                     | bench_null  | null, null_loop+1 | 1  | 1000 3000 1000 3000 1000 3000 | 100
IPC round trip                       | bench_ipc   | ipc               | 1  | 500 1500  | 8
the same within one address space    | bench_ipc   | ipc_threads       | 1  | 500 1500  | 8
page fault, zeroing included         | bench_fault | fault_life        | 1  | 640 2560  | 8
neighbour fault                      | bench_fault | fault, fault_loop | 1  | 500 4000  | 1
mmap, touch, munmap of one page      | bench_churn | churn_1           | 1  | 200 600   | 8
the same of 64 pages, per page       | bench_churn | churn_64          | 64 | 10 30     | 8
fork, exit, wait                     | bench_fork  | fork_bare         | 1  | 20 60     | 10
the same through libc                | bench_fork  | fork_exit         | 1  | 20 60     | 10
fork, exec, exit, wait               | bench_fork  | fork_exec         | 1  | 10 30     | 10
futex round trip, two processes      | bench_futex | futex             | 1  | 200 600   | 10
one job of mkload                     | mkload      | mkload            | 1  | 2 6       | 1
END

# {operation, program, figure, less, more, per, numbers, times}. by: OPERATION => [program, figure, as], what
# another system has instead; undef: nothing.
sub operations {
	my (%by) = @_;
	return map {
		my ($operation, $program, $names, $per, $numbers, $times) = @$_;
		my ($figure, $less) = split /, /, $names;
		my $as;
		($program, $figure, $as) = @{ $by{$operation} } if $by{$operation};
		my ($loop, $more) = split /\+/, $less // '';
		+{ operation => $operation, program => $program, figure => $figure, less => $loop, more => $more // 0, per => $per,
			numbers => [split ' ', $numbers], times => $times, as => $as }
	} grep { !exists $by{ $_->[0] } || $by{ $_->[0] } } @table;
}

# By program, in order: [name, the command lines that run its figures]. times: of an operation, how many times as many.
sub commands {
	my ($times, @operations) = @_;
	my (%done, %lines, @programs);
	for my $it (@operations) {
		push @programs, $it->{program} unless $lines{ $it->{program} };
		for my $figure (grep { defined && !$done{$_}++ } $it->{figure}, $it->{less}) {
			push @{ $lines{ $it->{program} } }, "$it->{program} --json --once " . $times->($it) * $_ . " $figure" for @{ $it->{numbers} };
		}
	}
	return map { [$_, $lines{$_}] } @programs;
}

# Per figure: the difference of two runs in the number of operations divides that in everything else. shift: ticks per
# instruction are 2 to this power. Of runs with as many the shortest counts: no clock interrupted that.
sub differences {
	my ($shift, @rows) = @_;
	my (%runs, %figure);
	push @{ $runs{ $_->{name} } }, $_ for @rows;
	for my $name (keys %runs) {
		my %best;
		for my $run (@{ $runs{$name} }) {
			my $best = \$best{ $run->{count} // 0 };
			$$best = $run if !$$best || ($run->{total} // 0) < ($$best->{total} // 0);
		}
		my ($short, $long) = @best{ sort { $a <=> $b } keys %best };
		if ($short->{skip} || !$long) {
			$figure{$name} = { skip => $short->{skip} // 'no second run' };
			next;
		}
		my $nr = $long->{count} - $short->{count};
		my %counters = map { $_ => ($long->{counters}{$_} - $short->{counters}{$_}) / $nr } keys %{ $long->{counters} // {} };
		$figure{$name} = { instructions => ($long->{total} - $short->{total}) / 2**$shift / $nr, counters => \%counters };
	}
	return \%figure;
}

# What an operation comes to, of differences: {instructions, counters}, or {skip}.
sub operation_figure {
	my ($it, $figures) = @_;
	my $figure = $figures->{ $it->{figure} } // { skip => 'the guest ended before' };
	return { skip => $figure->{skip} } if $figure->{skip};
	my $instructions = $figure->{instructions} - ($it->{less} ? $figures->{ $it->{less} }{instructions} // 0 : 0) - $it->{more};
	my %counters = map { $_ => $figure->{counters}{$_} / $it->{per} } keys %{ $figure->{counters} };
	return { instructions => $instructions / $it->{per}, counters => \%counters };
}

1;
