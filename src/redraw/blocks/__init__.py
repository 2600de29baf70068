"""Networks, losses and steps that several papers share identically."""
