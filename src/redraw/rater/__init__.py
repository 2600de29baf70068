"""Human ranks, collected: a page for raters, a server that gathers what they say, and the scored record. No torch."""
