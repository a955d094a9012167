# A tree that dies by itself: two children, waited for, and a status of its own. They live much longer than the longest time between two samples.
sleep 2 & sleep 2 & wait
exit 3
