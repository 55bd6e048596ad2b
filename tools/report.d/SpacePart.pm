# The address space under each root, side by side: what the kernel's root maps, and what of it user mode's root has.
package SpacePart;
use strict;
use warnings;
no warnings 'portable';
use Exporter 'import';
use Html qw(h slug missing);
use Museum qw(configurations defaults booted_words);
use Owner qw(owner_class owner_words);
our @EXPORT_OK = qw(space_part);

use constant { PAGE_SHIFT => 12, PIXELS_LEAST => 34, PIXELS_PER_DOUBLING => 5 };

my %WHAT = (
	'kernel image' => 'code, constants and data of the kernel',
	'entry area' => 'the way into the kernel and out of it, at a fixed place',
	'pools' => 'write-once pools',
	'private window' => 'one processor alone can walk it',
	'kernel space' => 'kernel stacks, device registers',
	'direct map' => 'physical memory once more, but for hidden frames',
	'user half' => 'the program',
);

sub pages_of {
	my ($range) = @_;
	my ($start, $end) = (hex $range->{start}, hex $range->{end});
	# An end of 0 is one past the last byte there is.
	return $end == 0 ? ((~0 >> PAGE_SHIFT) - ($start >> PAGE_SHIFT) + 1) : ($end - $start) >> PAGE_SHIFT;
}

sub log2 { return log($_[0]) / log 2 }

sub size_words {
	my ($pages) = @_;
	my ($size, @units) = ($pages * 4, qw(KiB MiB GiB TiB));
	while ($size >= 1024 && @units > 1) {
		$size /= 1024;
		shift @units;
	}
	return ($size >= 10 || $size == int $size ? sprintf('%.0f', $size) : sprintf('%.1f', $size)) . " $units[0]";
}

# region => { start, end, pages, nr, segments => [{ rights, owner, pages, nr }] } of one root
sub regions_of {
	my ($ranges) = @_;
	my (%regions, %segments);
	for my $range (@{ $ranges // [] }) {
		my $region = $regions{ $range->{region} } //= { start => $range->{start}, pages => 0, nr => 0, segments => [] };
		my $key = "$range->{region}/$range->{rights}/$range->{owner}";
		unless ($segments{$key}) {
			$segments{$key} = { rights => $range->{rights}, owner => $range->{owner}, pages => 0, nr => 0 };
			push @{ $region->{segments} }, $segments{$key};
		}
		$region->{end} = $range->{end};
		for my $sum ($region, $segments{$key}) {
			$sum->{pages} += pages_of($range);
			$sum->{nr}++;
		}
	}
	return \%regions;
}

sub segment_html {
	my ($segment) = @_;
	my $words = owner_words($segment->{owner});
	my $title = "$segment->{rights}, $words: " . size_words($segment->{pages});
	return '<span class="seg own-' . owner_class($segment->{owner}) . '" style="flex-grow:'
		. sprintf('%.1f', 1 + log2($segment->{pages} + 1)) . '" title="' . h($title) . '"><b>' . h($segment->{rights})
		. '</b> <i>' . h($words) . '</i></span>';
}

sub root_cell {
	my ($region, $height) = @_;
	unless ($region) {
		return qq(<td><div class="bar absent" style="height:${height}px"><span>not mapped</span></div></td>);
	}
	my $nr = $region->{nr} == 1 ? '1 range' : "$region->{nr} ranges";
	return qq(<td><div class="bar" style="height:${height}px">) . join('', map { segment_html($_) } @{ $region->{segments} })
		. '</div><small>' . size_words($region->{pages}) . " in $nr</small></td>";
}

sub region_row {
	my ($name, $kernel, $shadow) = @_;
	my ($most) = sort { $b <=> $a } map { $_ ? $_->{pages} : 0 } $kernel, $shadow;
	my $height = int(PIXELS_LEAST + PIXELS_PER_DOUBLING * log2($most + 1));
	my $either = $kernel // $shadow;
	return '<tr><th scope="row"><span class="region">' . h($name) . '</span><small>' . h($WHAT{$name} // '')
		. '</small><code>from ' . h($either->{start}) . '</code></th>' . root_cell($kernel, $height)
		. root_cell($shadow, $height) . "</tr>\n";
}

sub in_words {
	my ($name, $regions) = @_;
	my @rows;
	for my $region (sort { hex $regions->{$b}{start} <=> hex $regions->{$a}{start} } keys %$regions) {
		push @rows, map { '<tr><td>' . join('</td><td>', map { h($_) } $name, $region, $_->{rights}, owner_words($_->{owner}),
			size_words($_->{pages}), $_->{nr}) . '</td></tr>' } @{ $regions->{$region}{segments} };
	}
	return join '', @rows;
}

# What the picture shows, in a sentence.
sub lacks_words {
	my ($kernel, $shadow, $is_shadow_used) = @_;
	return 'Without KAISER user mode runs on the kernel root, too: all of the left-hand column is translated while a program runs, and '
		. 'nothing but the U/S bit keeps it away. The shadow root is there, and nobody runs on it.' unless $is_shadow_used;
	my $runs = sub { my ($root) = @_; return scalar grep { $_->{rights} =~ /x/ } @{ ($root->{'user half'} // {})->{segments} // [] } };
	my $sum = sub { my $pages = 0; $pages += $_->{pages} for values %{ $_[0] }; return $pages };
	my @missing = grep { !$shadow->{$_} } sort { hex $kernel->{$b}{start} <=> hex $kernel->{$a}{start} } keys %$kernel;
	return 'Both roots map the same regions: whatever the processor gives away transiently is all of the kernel.' unless @missing;
	return 'User mode runs on the right-hand root: ' . size_words($sum->($shadow)) . ' where the kernel has '
		. size_words($sum->($kernel)) . '. It has nothing of: ' . join(', ', @missing) . '.'
		. ($runs->($shadow) && !$runs->($kernel) ? ' And it alone may execute the program: a way back to user mode that forgot to change '
			. 'roots would fault at its first instruction.' : '');
}

sub picture_of {
	my ($configuration, $guest, $is_shown) = @_;
	my $is_shadow_used = (ref $guest->{options} eq 'HASH' ? $guest->{options}{kaiser} // '' : '') ne 'off';
	my @heads = $is_shadow_used ? ('kernel root', 'shadow root: user mode runs on it') : ('kernel root: user mode runs on it', 'shadow root: not used');
	my ($kernel, $shadow) = map { regions_of($guest->{$_}) } qw(kernel_root shadow_root);
	my %start = map { $_ => hex(($kernel->{$_} // $shadow->{$_})->{start}) } keys %$kernel, keys %$shadow;
	my @names = sort { $start{$b} <=> $start{$a} } keys %start;
	my ($rows, $is_user) = ('', 0);
	for my $name (@names) {
		if ($start{$name} < 1 << 47 && !$is_user++ && $rows ne '') {
			$rows .= '<tr class="gap"><td colspan="3"><span>addresses that no processor accepts</span></td></tr>';
		}
		$rows .= region_row($name, $kernel->{$name}, $shadow->{$name});
	}
	return '<div class="choice" data-choice="' . h($configuration->{name}) . '"' . ($is_shown ? '' : ' hidden') . '><p class="lead">'
		. h(lacks_words($kernel, $shadow, $is_shadow_used)) . '</p><table class="space"><caption class="vh">Address space with '
		. h(booted_words($configuration)) . '</caption><thead><tr><th scope="col">region</th>'
		. join('', map { "<th scope=\"col\">$_</th>" } @heads) . '</tr></thead><tbody>' . $rows . '</tbody></table>'
		. '<details><summary>The same in words</summary><div class="scroll" tabindex="0" role="group" aria-label="Ranges of both roots">'
		. '<table class="plain"><thead><tr><th scope="col">root</th><th scope="col">region</th>'
		. '<th scope="col">rights</th><th scope="col">owner</th><th scope="col">size</th><th scope="col">ranges</th></tr></thead>'
		. '<tbody>' . in_words('kernel', $kernel) . in_words('shadow', $shadow) . '</tbody></table></div></details></div>';
}

sub space_part {
	my ($matrix) = @_;
	my $guest = $matrix ? $matrix->{guest} // {} : {};
	my @told = grep { my $there = $guest->{ $_->{name} }; $there && @{ $there->{kernel_root} // [] } }
		$matrix ? configurations($matrix) : ();
	return missing('Nothing is known of the page tables yet;', 'make matrix') unless @told;
	my ($default) = grep { $_->{name} eq (defaults($matrix) // { name => '' })->{name} } @told;
	$default //= $told[0];
	my $options = join '', map {
		'<option value="' . h($_->{name}) . '"' . ($_ == $default ? ' selected' : '') . '>' . h(booted_words($_)) . '</option>'
	} @told;
	return '<p class="chooser" hidden><label for="choose-space">Booted with</label> <select id="choose-space" data-for="space-pictures">'
		. "$options</select></p><div id=\"space-pictures\">"
		. join('', map { picture_of($_, $guest->{ $_->{name} }, $_ == $default) } @told) . '</div>';
}

1;
