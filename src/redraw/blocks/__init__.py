"""Networks and losses that three or more papers share identically."""
