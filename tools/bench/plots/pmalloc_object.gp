# Instructions to allocate an object by its size: pools, slab, buddy.
set style data histogram
set logscale y
set yrange [10:]
set format y "%'.0f"
set xlabel 'bytes of the object'
set ylabel 'instructions'
set xtics scale 0
plot data using 2:xtic(1) title columnheader(2) lc rgb ours, \
	'' using 3 title columnheader(3) lc rgb other1, \
	'' using 4 title columnheader(4) lc rgb other3
