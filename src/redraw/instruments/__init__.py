"""Networks that read images for the metrics; trained by rules like any recipe, shown with their own accuracy."""
