# Plots of the benchmarks' tables by gnuplot: tools/bench/plots/NAME.gp makes NAME.svg of the data that is collected here.
package Plots;
use strict;
use warnings;
use File::Basename 'dirname';
use File::Path 'make_path';
use File::Temp 'tempdir';
use Exporter 'import';
our @EXPORT_OK = qw(plots draw svg_of);

# On both grounds, where the page that shows the plot does not say what its text is like.
my $INK = '#767676';

# One plot: the rows of a table as [name, values of some columns]; a column is NAME or NAME=>title.
sub plot {
	my ($name, $title, $alt, $head, @rows) = @_;
	my $nr_figures = grep { defined && /\d/ } map { @$_[1 .. $#$_] } @rows;
	return $nr_figures ? { name => $name, title => $title, alt => $alt, head => $head, rows => \@rows } : ();
}

# Tables by title, as Gather makes them.
sub values_of { my ($table, @columns) = @_; return map { my $row = $_; [$row->{name}, @{ $row->{values} }{@columns}] } @{ $table->{rows} } }

# The figures of a column in words, for who cannot see the plot.
sub in_words {
	my ($column, @rows) = @_;
	return join('; ', map { "$_->[0]: " . (0 + sprintf '%.4g', $_->[$column]) } grep { defined $_->[$column] } @rows) || 'not measured';
}

sub cost_plot {
	my ($by_title) = @_;
	my @columns = ('Linux 6.1, off', 'Linux 6.1, on', 'seL4, on', 'xv6', 'Bulwark', 'aim');
	my @rows = grep { grep { defined } @$_[1 .. 4] } values_of($by_title->{'instructions per operation'}, @columns);
	my $words = in_words(5, @rows);
	$_->[0] =~ s/system | of one page|, zeroing included//, $_->[0] =~ s/, /,\\n/ for @rows; # gnuplot breaks a line at \n
	return plot('cost', 'Instructions per operation, beside other systems',
		"Bars on a logarithmic scale: five operations in Linux 6.1, seL4, xv6 and Bulwark. Bulwark: $words.",
		['', 'Linux 6.1', 'Linux 6.1, PTI on', 'seL4', 'xv6', 'Bulwark', 'aim'], @rows);
}

sub xpfo_plots {
	my ($by_title, $xpfo) = @_;
	my @rows = grep { $_->{load} eq 'mkload' && $_->{cpus} == $_->{smp} } @{ $xpfo->{rows} // [] };
	my @plots;
	my ($most) = sort { $b <=> $a } map { $_->{smp} } grep { $_->{time_ratio} } @rows;
	my %ratio = map { $_->{variant} => $_->{time_ratio} } grep { $_->{smp} == ($most // 0) } @rows;
	my $times = $by_title->{'time of XPFO relative to none'};
	my @times = map { $_->[0] eq 'off' ? () : [@$_, @{ $ratio{ $_->[0] } // {} }{qw(median min max)}] }
		values_of($times, 'published, 4 cores', 'published, 96 cores');
	push @plots, plot('xpfo_time', 'What XPFO costs in time, by variant',
		'Bars on a logarithmic scale: time relative to xpfo=off. Published on 96 cores: ' . in_words(2, @times)
		. '. Bulwark in an emulator: ' . in_words(3, @times) . '.',
		['', 'published, 4 cores', 'published, 96 cores', 'Bulwark, ' . ($most // 0) . ' processors', 'least', 'most'], @times);

	my (%rounds, %seen);
	$rounds{ $_->{smp} }{ $_->{variant} } = $_->{rounds} for @rows;
	my @variants = grep { !$seen{$_}++ } map { $_->{variant} } @rows;
	my @by_smp = map { my $at = $rounds{$_}; [$_, @$at{@variants}] } sort { $a <=> $b } keys %rounds;
	push @plots, plot('xpfo_rounds', 'TLB shootdown rounds per user page, by processors',
		'Lines over the number of processors, one a variant. With most processors: '
		. join(', ', map { $variants[$_] . ' ' . sprintf '%.4f', $by_smp[-1][$_ + 1] // 0 } 0 .. $#variants) . '.',
		['', @variants], @by_smp) if @variants;
	return @plots;
}

sub kaiser_plot {
	my ($by_title) = @_;
	my %relative = map { $_->[0] => $_ } values_of($by_title->{'the same relative to kaiser=off'}, 'published', 'Bulwark in QEMU');
	my @rows = map { [@$_, @{ $relative{ $_->[0] } }[1, 2]] }
		values_of($by_title->{'null system call under KAISER'}, 'Bulwark in Bochs', 'aim');
	return plot('kaiser', 'What KAISER costs a system call, by variant',
		'Bars. Instructions of a null system call: ' . in_words(1, @rows)
		. '. Calls a second relative to kaiser=off, published: ' . in_words(3, @rows) . '. The same of Bulwark in QEMU, where a CR3 write '
		. 'is far dearer than on a processor: ' . in_words(4, @rows) . '.',
		['', 'Bulwark', 'aim', 'published, on a processor', 'Bulwark, in QEMU'], @rows);
}

sub pmalloc_plots {
	my ($by_title) = @_;
	my @objects = values_of($by_title->{'allocating an object'}, qw(pools slab buddy));
	$_->[0] =~ s/ bytes// for @objects;
	my @plots = plot('pmalloc_object', 'Instructions to allocate an object',
		'Bars on a logarithmic scale by size in bytes. Pools: ' . in_words(1, @objects) . '. Slab: ' . in_words(2, @objects) . '.',
		['', 'write-once pools', 'slab', 'buddy'], @objects);
	my (%seal, @sizes);
	for my $row (values_of($by_title->{'sealing, destroying, write-rare'}, 'instructions', 'a page', 'flushes', 'interrupts')) {
		my ($kind, $pages) = $row->[0] =~ /^(seal|destroy), (\d+)/ or next;
		$seal{$pages}{$kind} = [$row->[2] // $row->[1], @$row[3, 4]];
		push @sizes, $pages if $kind eq 'seal';
	}
	my @rows = map { my ($seal, $destroy) = @{ $seal{$_} }{qw(seal destroy)}; [$_, $seal->[0], $destroy->[0], $seal->[1], $seal->[2]] } @sizes;
	push @plots, plot('pmalloc_seal', 'What it costs to seal and to destroy a pool',
		'Bars by pages of the pool. Instructions a page to seal: ' . in_words(1, @rows) . '. To destroy: ' . in_words(2, @rows)
		. '. Flushes of a seal: ' . in_words(3, @rows) . '.',
		['', 'seal', 'destroy', 'flushes of a seal', 'interrupts of a seal'], @rows);
	return @plots;
}

# All plots that the figures are there for, with titles that say so where a run was quick. Tables are those of Gather.
sub plots {
	my ($bench, @tables) = @_;
	my %by_title = map { $_->{table} => $_ } @tables;
	my %is_quick = map { $_->{bench} => $_->{quick} } @tables;
	my @plots = (cost_plot(\%by_title), xpfo_plots(\%by_title, $bench->{xpfo} // {}),
		$bench->{kaiser} ? kaiser_plot(\%by_title) : (), $bench->{pmalloc} ? pmalloc_plots(\%by_title) : ());
	for (@plots) {
		$_->{title} .= ' (quick run)' if $is_quick{ $_->{name} =~ s/_.*//r };
	}
	return @plots;
}

# What gnuplot draws in black takes the colour of the text around it; identifiers get the plot's name, so that a page may
# hold several plots.
sub adapt {
	my ($svg, $plot) = @_;
	$svg =~ s/ color="black"//g;
	$svg =~ s/((?:stroke|fill)=["'])black(["'])/$1currentColor$2/g;
	$svg =~ s/\bid=(["'])([^"']*)["']/id=$1$plot->{name}-$2$1/g;
	$svg =~ s/href='#/href='#$plot->{name}-/g;
	$svg =~ s/url\(#/url(#$plot->{name}-/g;
	my ($title, $alt) = map { s/&/&amp;/gr =~ s/</&lt;/gr } @$plot{qw(title alt)};
	$svg =~ s{<title>.*?</title>\s*<desc>.*?</desc>}{<title>$title</title>\n<desc>$alt</desc>}s;
	$svg =~ s/<svg\s/<svg role="img" color="$INK" /;
	return $svg;
}

# The SVG of one plot, in a scratch folder; dies with gnuplot's words where it fails or warns.
sub svg_of {
	my ($plot, $work) = @_;
	my ($data, $svg, $scripts) = ("$work/data", "$work/svg", dirname(__FILE__) . '/plots');
	open my $file, '>', $data or die "$data: $!\n";
	print $file join("\t", map { defined && length ? $_ : '-' } @$_), "\n" for $plot->{head}, @{ $plot->{rows} };
	close $file;
	my $said = `gnuplot -e "data='$data'; output='$svg'" $scripts/style.gp $scripts/$plot->{name}.gp 2>&1`;
	$said =~ s{.*Skipping data file with no valid points.*}{}g; # nothing was measured
	die $said =~ s/^\s+//r if $? || $said =~ /warning|error/i;
	open my $in, '<', $svg or die "$svg: $!\n";
	local $/;
	return adapt(scalar <$in>, $plot);
}

# Draws into the folder plots/ of a report; returns {file, title, alt} of each, or {title, error} of one that failed.
sub draw {
	my ($report, @plots) = @_;
	my ($folder, $work) = ("$report/plots", tempdir(CLEANUP => 1));
	make_path($folder);
	return map {
		my $plot = $_;
		my $svg = eval { svg_of($plot, $work) };
		if (defined $svg) {
			open my $out, '>', "$folder/$plot->{name}.svg" or die "$folder/$plot->{name}.svg: $!\n";
			print $out $svg;
			close $out or die "$folder/$plot->{name}.svg: $!\n";
		}
		+{ defined $svg ? (file => "plots/$plot->{name}.svg", alt => $plot->{alt}) : (error => $@), title => $plot->{title} }
	} @plots;
}

1;
