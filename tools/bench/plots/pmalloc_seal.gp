# What sealing and destroying a pool cost by its pages. Left: instructions a page. Right: flushes and interrupts of each.
set multiplot layout 1, 2
set style data histogram
set yrange [0:]
set xlabel 'pages of the pool'
set xtics scale 0
set format y "%'.0f"
set ylabel 'instructions a page'
plot data using 2:xtic(1) title columnheader(2) lc rgb ours, '' using 3 title columnheader(3) lc rgb other1
set format y '%g'
set ylabel 'events in all, 4 processors'
plot data using 4:xtic(1) title columnheader(4) lc rgb ours, '' using 5 title columnheader(5) lc rgb other2
unset multiplot
