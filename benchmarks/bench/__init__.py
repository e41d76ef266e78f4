"""What all benchmarks share: taking turns, figures, the machine, the page."""
