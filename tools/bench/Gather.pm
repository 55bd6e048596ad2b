# What the benchmarks' figures say together: tables beside the published figures, and which aims of the design are met.
# All take the hash NAME => content of build/bench-NAME.json; what was not measured is absent and leaves gaps.
package Gather;
use strict;
use warnings;
use Exporter 'import';
use Ptprot qw(ptprot_aim ptprot_got ptprot_wanted);
use Published 'published';
our @EXPORT_OK = qw(tables aims notes names verdict);

# In the order in which they run: the quick ones first.
sub names { return qw(cost linux pmalloc kaiser xpfo) }

# The rows of a benchmark; none where it was not measured.
sub rows_of { my ($bench, $name) = @_; return @{ ($bench->{$name} // {})->{rows} // [] } }

sub is_quick { my ($bench, $name) = @_; return ($bench->{$name} // {})->{quick} ? 1 : 0 }

# {table, unit, source, columns, rows: [{name, values}]}; values that nobody has are left out.
sub table_of {
	my ($table, $unit, $source, $columns, @rows) = @_;
	my %is_used = map { %{ $_->{values} } } @rows;
	return { table => $table, unit => $unit, source => $source, rows => \@rows,
		columns => [grep { exists $is_used{$_} } @$columns] };
}

sub row_of {
	my ($name, %values) = @_;
	my $note = delete $values{note};
	delete $values{$_} for grep { !defined $values{$_} } keys %values;
	return { name => $name, values => \%values, $note ? (note => $note) : () };
}

sub cost_rows { my ($bench) = @_; return map { $_->{operation} => $_ } rows_of($bench, 'cost') }

# Linux's figures of an operation as bench-linux counted them here; none where it has not.
sub linux_counted {
	my ($bench, $operation) = @_;
	my ($row) = grep { $_->{operation} eq $operation } rows_of($bench, 'linux');
	return map { defined $row->{$_} ? ("Linux 6.1, $_" => $row->{$_}) : () } qw(off on);
}

# What is known of others of an operation, by column; and what of it is not quite the same operation.
sub cost_published {
	my ($operation) = @_;
	my (%values, @notes);
	for my $figure (grep { $_->{operation} eq $operation } @{ published('cost')->{figures} }) {
		my $system = $figure->{system};
		push @notes, "$system: $figure->{as}" if $figure->{as};
		my ($first, $second) = defined $figure->{on} ? (', off', ', on') : ('', '');
		$values{"$system$second"} = $figure->{on};
		$values{"$system$first"} = $figure->{off};
	}
	return (%values, note => join '; ', @notes);
}

sub cost_tables {
	my ($bench) = @_;
	my ($all, %ours) = (published('cost'), cost_rows($bench));
	my @operations = map { $_->{operation} } grep { $all->{aims}{ $_->{operation} } } rows_of($bench, 'cost');
	my %is_known = map { $_ => 1 } @operations;
	push @operations, grep { !$is_known{$_}++ } map { $_->{operation} } @{ $all->{figures} };
	my @instructions = map { row_of($_, cost_published($_), linux_counted($bench, $_), Bulwark => $ours{$_}{instructions},
		aim => $all->{aims}{$_}{instructions}) } @operations;
	my @writes = map { my $operation = $_;
		my ($linux) = grep { $_->{operation} eq $operation && defined $_->{cr3_on} } @{ $all->{figures} };
		row_of($_, 'Linux 6.1, off' => $linux->{cr3_off}, 'Linux 6.1, on' => $linux->{cr3_on},
			Bulwark => $ours{$_}{cr3_loads}, aim => $all->{aims}{$_}{cr3_loads}) } @operations;
	@writes = grep { %{ $_->{values} } } @writes; # a boot has none
	my @boots = map { row_of($_->{operation}, instructions => $_->{instructions}, 'tables, MiB' => $_->{tables_mib}) }
		grep { $_->{operation} =~ /^boot with/ } rows_of($bench, 'cost');
	my @columns = ('Linux 6.1, off', 'Linux 6.1, on', 'seL4, off', 'seL4, on', 'xv6', 'Bulwark', 'aim');
	return (table_of(@$all{qw(table unit source)}, \@columns, @instructions),
		table_of('CR3 writes per operation', 'writes, one processor', $all->{source}, \@columns, @writes),
		@boots ? table_of('boot by memory', 'instructions from kernel entry to the end of CMD=true; page tables and frame table',
			'Bulwark alone: none were published.', ['instructions', 'tables, MiB'], @boots) : ());
}

# What bench-cost counted with each value of ptprot.
sub ptprot_tables {
	my ($bench) = @_;
	my $all = published('ptprot');
	my @by = @{ ($bench->{cost} // {})->{by_ptprot} // [] };
	my @columns = map { { by => $_, name => "ptprot=$_" } } qw(off wp window pks);
	my @instructions = map { my $row = $_; my $aim = ptprot_aim($row->{operation});
		row_of($row->{operation}, map({ $_->{name} => ($row->{ways}{ $_->{by} } // {})->{instructions} } @columns), $aim ? (note => 'wanted: ' . ptprot_wanted($aim)) : ()) } @by;
	my @events = map { my $ways = $_->{ways}; my $most = $ways->{pks} // $ways->{window} // $ways->{wp} // {};
		row_of($_->{operation}, gates => $most->{gate_calls}, map({ ("CR3 writes, $_" => ($ways->{$_} // {})->{cr3_loads}) } qw(off window)),
			'PKRS writes, pks' => ($ways->{pks} // {})->{pkrs_writes}) } @by;
	@events = grep { %{ $_->{values} } } @events; # a boot has none
	return (@instructions ? table_of(@$all{qw(table unit source)}, [map { $_->{name} } @columns], @instructions) : (),
		@events ? table_of('calls of the gate per operation', 'calls, and what they write', $all->{source}, ['gates', 'CR3 writes, off', 'CR3 writes, window', 'PKRS writes, pks'], @events) : ());
}

sub ptprot_aims {
	my ($bench) = @_;
	my @rows = @{ ($bench->{cost} // {})->{by_ptprot} // [] };
	my @aims;
	for my $row (grep { ptprot_aim($_->{operation}) } @rows) {
		my $aim = ptprot_aim($row->{operation});
		my ($got, $gates) = (ptprot_got($aim, $row->{ways}), $aim->{gate_calls});
		push @aims, aim($bench, 'cost', "$row->{operation}, " . (defined $aim->{more} ? 'ptprot=pks more than off' : 'ptprot=pks'), $got->{wanted}, $got->{value});
		push @aims, aim($bench, 'cost', "$row->{operation}, gates", $gates, ($row->{ways}{pks} // {})->{gate_calls}) if defined $gates;
	}
	return @aims;
}

# All of bench-linux's figures, which are ours, with what they were counted.
sub linux_tables {
	my ($bench) = @_;
	my $linux = $bench->{linux} or return;
	my %ours = cost_rows($bench);
	my @rows = map { row_of($_->{operation}, 'PTI off' => $_->{off}, 'PTI on' => $_->{on}, 'no mitigations' => $_->{bare},
		Bulwark => $ours{ $_->{operation} }{instructions}, note => $_->{as} && "Linux: $_->{as}") } rows_of($bench, 'linux');
	my $lines = join '; ', map { $linux->{command_lines}{$_} // () } qw(off on bare);
	return table_of('instructions per operation in Linux', 'instructions, one processor',
		"Counted by make bench-linux, published by nobody: $linux->{package}, " . ($linux->{made}{emulators}{qemu} // 'QEMU')
		. ", -icount. Command lines: $lines.", ['PTI off', 'PTI on', 'no mitigations', 'Bulwark'], @rows);
}

sub processors { my ($smp) = @_; return "Bulwark, $smp processor" . ($smp == 1 ? '' : 's') }

# Rows of bench-xpfo for a load whose guest had the processors that it was given.
sub xpfo_rows {
	my ($bench, $load) = @_;
	return grep { $_->{load} eq $load && $_->{cpus} == $_->{smp} } rows_of($bench, 'xpfo');
}

sub xpfo_variants {
	my ($bench) = @_;
	my %seen;
	return grep { !$seen{$_}++ } map { $_->{variant} } rows_of($bench, 'xpfo'), @{ published('xpfo')->{figures} };
}

# What a TLB of 64 and 1536 entries misses; nothing where it was not traced.
sub reach_tables {
	my ($bench) = @_;
	my @rows = map { row_of("$_->{variant}, $_->{directmap}", 'L1 misses' => sprintf('%.0f', $_->{l1_misses}), walks => sprintf('%.1f', $_->{walks}),
		'L1 misses in the direct map' => sprintf('%.0f', $_->{direct_l1_misses}), 'its entries used' => $_->{direct_entries}) }
		@{ ($bench->{xpfo} // {})->{reach} // [] };
	return @rows ? table_of('TLB misses, by pages of the direct map', 'per job of mkload, one processor; entries: of the whole run',
		'Bulwark alone, by a model: 64 and 1536 entries, fully associative.', ['L1 misses', 'walks', 'L1 misses in the direct map', 'its entries used'], @rows) : ();
}

sub xpfo_tables {
	my ($bench) = @_;
	my $all = published('xpfo');
	my (@times, @rounds, %is_smp);
	for my $variant (xpfo_variants($bench)) {
		my (%time, %rounds);
		$time{"published, $_->{cores} cores"} = $_->{ratio} for grep { $_->{variant} eq $variant } @{ $all->{figures} };
		for my $row (grep { $_->{variant} eq $variant } xpfo_rows($bench, 'mkload')) {
			$is_smp{ $row->{smp} } = 1;
			$time{ processors($row->{smp}) } = $row->{time_ratio}{median} if $row->{time_ratio};
			$rounds{ processors($row->{smp}) } = $row->{rounds};
		}
		push @times, row_of($variant, %time, aim => $all->{aims}{$variant}{ratio});
		push @rounds, row_of($variant, %rounds, aim => $all->{aims}{$variant}{rounds});
	}
	my @ours = map { processors($_) } sort { $a <=> $b } keys %is_smp;
	return (table_of(@$all{qw(table unit source)}, ['published, 4 cores', 'published, 96 cores', @ours, 'aim'], @times),
		table_of('TLB shootdown rounds per user page', 'rounds that waited', 'Bulwark alone: none were published.',
			[@ours, 'aim'], @rounds), reach_tables($bench));
}

# The row of a variant; Bochs has PCIDs, QEMU has times.
sub kaiser_row {
	my ($bench, $variant, $emulator) = @_;
	my ($row) = grep { $_->{variant} eq $variant && $_->{emulator} eq $emulator } rows_of($bench, 'kaiser');
	return $row // {};
}

sub kaiser_tables {
	my ($bench) = @_;
	my $all = published('kaiser');
	my %rate = map { $_->{variant} => $_->{calls_per_second} } @{ $all->{figures} };
	my $off = kaiser_row($bench, 'off', 'qemu')->{calls_per_second};
	my (@calls, @relative, @counts);
	for my $variant (map { $_->{variant} } @{ $all->{figures} }) {
		my ($qemu, $bochs) = map { kaiser_row($bench, $variant, $_) } qw(qemu bochs);
		my $ours = $qemu->{calls_per_second};
		push @calls, row_of($variant, published => $rate{$variant}, 'Bulwark in QEMU' => $ours && sprintf '%.0f', $ours);
		push @relative, row_of($variant, published => sprintf('%.2f', $rate{$variant} / $rate{off}),
			'Bulwark in QEMU' => $ours && $off && sprintf '%.3f', $ours / $off);
		push @counts, row_of($variant, 'Bulwark in QEMU' => $qemu->{instructions}, 'Bulwark in Bochs' => $bochs->{instructions},
			'CR3 writes' => $bochs->{cr3_writes}, flushes => $bochs->{flushes}, aim => $all->{aims}{$variant}{instructions});
	}
	my $kaiser = $bench->{kaiser} // {};
	my @sizes = (row_of('kernel text added', published => $all->{text_bytes}, Bulwark => $kaiser->{entry_text_added_bytes}),
		row_of('page tables per process', published => $all->{page_table_bytes_per_process},
			Bulwark => $kaiser->{page_table_bytes_per_process}));
	my @both = ('published', 'Bulwark in QEMU');
	return (table_of(@$all{qw(table unit source)}, \@both, @calls),
		table_of('the same relative to kaiser=off', 'times that of kaiser=off', $all->{source}, \@both, @relative),
		table_of('null system call under KAISER', 'instructions; events in Bochs', 'Bulwark alone: none were published.',
			['Bulwark in QEMU', 'Bulwark in Bochs', 'CR3 writes', 'flushes', 'aim'], @counts),
		table_of('size of KAISER', 'bytes', $all->{source}, ['published', 'Bulwark'], @sizes));
}

sub pmalloc_tables {
	my ($bench) = @_;
	my $source = published('pmalloc')->{source};
	my %row = map { $_->{figure} => $_ } rows_of($bench, 'pmalloc');
	my @objects = map { row_of("$_ bytes", pools => $row{"pmalloc_$_"}{instructions}, slab => $row{"slab_$_"}{instructions},
		buddy => ($row{"buddy_$_"} // {})->{instructions}) } 16, 64, 512, 4096;
	my (@seals, @memory);
	for my $kind (qw(seal destroy)) {
		push @seals, map { my $it = $row{"${kind}_$_"} // {};
			row_of("$kind, $_ page" . ($_ == 1 ? '' : 's'), instructions => $it->{instructions},
				'a page' => $it->{per_page}, flushes => $it->{flushes}, interrupts => $it->{ipis}) } 1, 16, 256;
	}
	push @seals, map { my $it = $row{"wr_$_"} // {};
		row_of("write-rare, $_ bytes", instructions => $it->{instructions}, flushes => $it->{flushes}, interrupts => $it->{ipis}) } 8, 64, 4096;
	push @memory, map { row_of("$_->{size} bytes", pools => $_->{pmalloc}, slab => $_->{slab}) } @{ ($bench->{pmalloc} // {})->{memory} // [] };
	return (table_of('allocating an object', 'instructions, one processor', $source, [qw(pools slab buddy)], @objects),
		table_of('sealing, destroying, write-rare', 'instructions on one processor; events on four', $source,
			['instructions', 'a page', 'flushes', 'interrupts'], @seals),
		table_of('memory per object beyond its own', 'bytes', $source, [qw(pools slab)], @memory));
}

# All tables; each with the name of its benchmark, and whether that was a quick run.
sub tables {
	my ($bench) = @_;
	my %tables_of = (cost => sub { (cost_tables(@_), ptprot_tables(@_)) }, linux => \&linux_tables, xpfo => \&xpfo_tables, kaiser => \&kaiser_tables, pmalloc => \&pmalloc_tables);
	return map { my $name = $_; map { { %$_, bench => $name, quick => is_quick($bench, $name) } } $tables_of{$name}->($bench) }
		qw(cost linux xpfo kaiser pmalloc);
}

# One aim: met is 1, 0, or undef where nothing was measured, or a time only once. Counts that are averages may be off by
# rounding.
sub aim {
	my ($bench, $name, $what, $wanted, $got, $is_once) = @_;
	return { bench => $name, what => $what, wanted => $wanted, got => $got, quick => is_quick($bench, $name),
		met => defined $got && !$is_once ? ($got <= $wanted + 0.005 ? 1 : 0) : undef };
}

sub aims {
	my ($bench) = @_;
	my %cost = cost_rows($bench);
	my @aims;
	for my $operation (map { $_->{name} } @{ (cost_tables($bench))[0]{rows} }) {
		my $aim = published('cost')->{aims}{$operation};
		push @aims, aim($bench, 'cost', "$operation, instructions", $aim->{instructions}, $cost{$operation}{instructions});
		push @aims, aim($bench, 'cost', "$operation, CR3 writes", $aim->{cr3_loads}, $cost{$operation}{cr3_loads})
			if $aim->{cr3_loads};
	}
	push @aims, ptprot_aims($bench);
	my ($pcid, $bochs) = (published('kaiser')->{aims}{pcid}, kaiser_row($bench, 'pcid', 'bochs'));
	push @aims, aim($bench, 'kaiser', 'kaiser=pcid, instructions of a null call', $pcid->{instructions}, $bochs->{instructions}),
		aim($bench, 'kaiser', 'kaiser=pcid, CR3 writes of a null call', $pcid->{cr3_writes}, $bochs->{cr3_writes}),
		aim($bench, 'kaiser', 'kaiser=pcid, TLB flushes of a null call', $pcid->{flushes}, $bochs->{flushes});
	my %pmalloc = map { $_->{figure} => $_ } rows_of($bench, 'pmalloc');
	push @aims, aim($bench, 'pmalloc', "sealing $_, flushes", published('pmalloc')->{aims}{seal}{flushes},
		$pmalloc{ 'seal_' . $_ =~ s/ .*//r }{flushes}) for '1 page', '256 pages';
	my $epoch = published('xpfo')->{aims}{epoch};
	for my $row (grep { $_->{variant} eq 'epoch' } xpfo_rows($bench, 'mkload')) {
		my $where = $row->{smp} == 1 ? 'one processor' : "$row->{smp} processors";
		push @aims, aim($bench, 'xpfo', "xpfo=epoch, time to off, $where", $epoch->{ratio}, $row->{time_ratio}{median},
			$row->{time_ratio}{rounds} < 2)
			if $row->{time_ratio};
		push @aims, aim($bench, 'xpfo', "xpfo=epoch, rounds per user page, $where", $epoch->{rounds}, $row->{rounds});
	}
	push @aims, aim($bench, 'xpfo', "xpfo=epoch, $_->[0]", $epoch->{ $_->[1] }, undef)
		for $bench->{xpfo} ? () : (['time to off', 'ratio'], ['rounds per user page', 'rounds']);
	return @aims;
}

sub verdict {
	my ($aim) = @_;
	return 'not measured' unless defined $aim->{got};
	return 'not judged: timed once' unless defined $aim->{met};
	my $quick = $aim->{quick} ? ', quick' : '';
	return "met$quick" if $aim->{met};
	return ($aim->{wanted} ? sprintf '%.2f times over', $aim->{got} / $aim->{wanted} : 'MISSED') . $quick;
}

sub notes {
	return ('An emulator counts exactly and takes time wrongly: instructions, CR3 writes, flushes, interrupts and page-table '
		. 'edits are those of any processor, but nothing follows from its time for a processor, whose caches, TLB misses and '
		. 'out-of-order execution it lacks. So counts come first, and times are ratios within one emulator.',
		'A CR3 write flushes the whole TLB of QEMU\'s TCG and costs about 10 microseconds there, on a processor some hundred '
		. 'cycles: what KAISER costs in time is overstated. TCG has no PCIDs and Bochs no tagged TLB, so what PCIDs save is '
		. 'counted as flushes that are not made, and never as time.',
		'A guest with more processors than its host takes turns on them: there counts alone are given, which stay right. '
		. 'REP instructions count once per iteration. With KVM (ACCEL=kvm) the unit of time is cycles, and they are the host\'s.');
}

1;
