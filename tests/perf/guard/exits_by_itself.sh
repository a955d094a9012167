# A tree that dies by itself: two children, waited for, and a status of its own. They live longer than the longest time between two samples.
sleep 0.4 & sleep 0.4 & wait
exit 3
