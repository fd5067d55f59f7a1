"""Speed, as ratios within one run, against what people use today: ``make bench``. Nothing here is a test."""
