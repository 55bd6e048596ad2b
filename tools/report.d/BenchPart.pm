# The benchmarks: the plots, which aims are met, and the tables beside what others published.
package BenchPart;
use strict;
use warnings;
use Exporter 'import';
use Html qw(h missing);
use Input qw(input_text is_true);
our @EXPORT_OK = qw(bench_part);

sub number {
	my ($value) = @_;
	return h($value) unless defined $value && $value =~ /^-?\d+(?:\.\d+)?$/;
	my $short = abs($value) >= 100 || $value == int $value ? sprintf('%.0f', $value) : sprintf('%.2f', $value);
	1 while $short =~ s/^(-?\d+)(\d{3})/$1,$2/;
	return $short;
}

# The columns of a table: as given, else by name with our own last.
sub columns_of {
	my ($table) = @_;
	return @{ $table->{columns} } if ref $table->{columns} eq 'ARRAY';
	my %names = map { $_ => 1 } map { keys %{ $_->{values} } } @{ $table->{rows} };
	return sort { ($a =~ /^Bulwark/) <=> ($b =~ /^Bulwark/) || $a cmp $b } keys %names;
}

sub row_html {
	my ($row, @columns) = @_;
	return '<tr><th scope="row">' . h($row->{name}) . '</th>' . join('', map {
		my $value = $row->{values}{$_};
		'<td class="num' . (/^Bulwark/ ? ' ours' : /^aim/ ? ' aim' : '') . '">'
			. (defined $value ? number($value) : '<span class="vh">not known</span>') . '</td>'
	} @columns) . '</tr>';
}

sub table_html {
	my ($table) = @_;
	my @columns = columns_of($table);
	my $unit = ($table->{unit} // '') eq '' ? '' : ' <small>' . h($table->{unit}) . '</small>';
	my @notes = map { '<li>' . h("$_->{name}: $_->{note}") . '</li>' } grep { $_->{note} } @{ $table->{rows} };
	return '<figure class="published"><figcaption>' . h($table->{table}) . $unit . '</figcaption>'
		. '<div class="scroll" tabindex="0" role="group" aria-label="' . h($table->{table}) . '">'
		. '<table class="plain"><thead><tr><th scope="col"><span class="vh">operation</span></th>'
		. join('', map { '<th scope="col" class="num' . (/^Bulwark/ ? ' ours' : '') . '">' . h($_) . '</th>' } @columns) . '</tr></thead><tbody>'
		. join('', map { row_html($_, @columns) } @{ $table->{rows} }) . '</tbody></table></div>'
		. ($table->{source} ? '<p class="source">' . h($table->{source}) . '</p>' : '')
		. (@notes ? '<ul class="notes">' . join('', @notes) . '</ul>' : '') . '</figure>';
}

# The plot's SVG, as a part of the page: without prologue, without a script, without what leads elsewhere.
sub inline_svg {
	my ($text) = @_;
	$text =~ s/\A.*?(?=<svg\b)//s;
	$text =~ s/<!--.*?-->//gs;
	$text =~ s/<script\b.*?<\/script>//gis;
	$text =~ s/\son\w+=(["']).*?\1//gis;
	$text =~ s/\s(?:xlink:)?href=(["'])(?!#).*?\1//gis;
	$text =~ s/\sxmlns(?::xlink)?=(["']).*?\1//g;
	$text =~ s/(<svg\b[^>]*?)\scolor=(["']).*?\2/$1/s;
	return $text;
}

# A plot is {file, title} or a path, relative to the report's folder or to the source tree.
sub plot_html {
	my ($plot) = @_;
	my ($file, $title) = ref $plot eq 'HASH' ? @$plot{qw(file title)} : ($plot, '');
	my ($path) = grep { defined && -e } "build/report/$file", "build/$file", $file;
	return '' unless defined $path;
	return '<figure class="plot"><figcaption>' . h($title // '') . '</figcaption>' . inline_svg(input_text($path)) . '</figure>';
}

sub aims_html {
	my ($bench) = @_;
	my @aims = grep { ref eq 'HASH' && defined $_->{got} } @{ $bench->{aims} // [] };
	return '' unless @aims;
	my @rows = map {
		my $met = is_true($_->{met});
		'<tr><th scope="row">' . h($_->{what}) . '</th><td class="num ours">' . number($_->{got}) . '</td><td class="num">'
			. number($_->{wanted}) . '</td><td>' . ($met ? '<span class="met">met</span>' : defined $_->{met}
				? '<span class="unmet">not met</span>' : 'not judged') . '</td></tr>'
	} @aims;
	my $nr_met = grep { is_true($_->{met}) } @aims;
	return "<details class=\"aims\"><summary>$nr_met of " . @aims . ' aims of the design are met</summary>'
		. '<div class="scroll" tabindex="0" role="group" aria-label="Aims"><table class="plain"><thead><tr>'
		. '<th scope="col">aim</th><th scope="col" class="num ours">got</th>'
		. '<th scope="col" class="num">at most</th><th scope="col"></th></tr></thead><tbody>' . join('', @rows) . '</tbody></table></div></details>';
}

sub bench_part {
	my ($bench) = @_;
	return missing('Nothing was measured yet;', 'make bench') unless $bench;
	my $notes = join '', map { '<p>' . h($_) . '</p>' } @{ $bench->{notes} // [] };
	return ($notes eq '' ? '' : "<div class=\"intro\">$notes</div>") . aims_html($bench)
		. '<div class="plots">' . join('', map { plot_html($_) } @{ $bench->{plots} // [] }) . '</div>'
		. join('', map { table_html($_) } @{ $bench->{published} // [] });
}

1;
