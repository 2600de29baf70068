"""What came out, held against what was printed: judgements, claims, tables, pages. No torch."""
