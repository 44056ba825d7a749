"""What things cost, measured side by side: a program per question. Ratios count; the figures are one machine's."""
