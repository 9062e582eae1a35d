"""Pictures of what was measured: SVG inside the page, coloured by its style sheet, so light, dark and printable."""
